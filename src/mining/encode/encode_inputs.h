// The inputs of one forward pass of the encode stage: decoded, preprocessed and tokenized samples.
// Torch-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/corpus/corpus.h"
#include "data/corpus/quarantine.h"
#include "data/image/image.h"
#include "data/tokens/tokenizer.h"

namespace helip::mining {

struct EncodeInputs {
  std::uint64_t first = 0;           // sample of the first row
  std::size_t rows = 0;              // samples; the rows after them are padding, all zero
  std::vector<float> pixels;         // [batch, 3, size, size]
  std::vector<std::int64_t> tokens;  // [batch, context_length]
  // Samples whose image cannot be decoded or whose caption is unusable. Their rows are zero: a
  // sample is never replaced by another.
  std::vector<data::QuarantineEntry> quarantine;
};

// Reads, preprocesses and tokenizes samples [first, first + rows), rows <= batch. Throws DataError
// if the corpus itself cannot be read. Safe from many threads.
EncodeInputs read_encode_inputs(const data::Corpus& corpus,
                                const data::PreprocessConfig& preprocess,
                                const data::Tokenizer& tokenizer, const data::DecodeLimits& limits,
                                std::uint64_t first, std::size_t rows, std::size_t batch);

// Returns the quarantine entries that read_encode_inputs would make for `count` samples from
// `first` on. Throws DataError if the corpus itself cannot be read.
std::vector<data::QuarantineEntry> unusable_samples(const data::Corpus& corpus,
                                                    const data::DecodeLimits& limits,
                                                    std::uint64_t first, std::uint64_t count);

}  // namespace helip::mining
