// The version of a corpus index, which data writes and the coordinator looks at.
#pragma once

namespace helip::store {

// `format` in a corpus's manifest.json. 2: index.npy has where each sample begins.
inline constexpr const char* kCorpusFormat = "helip_corpus/2";

}  // namespace helip::store
