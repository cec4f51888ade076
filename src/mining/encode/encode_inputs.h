// The inputs of the encode stage, batch by batch: decoded and preprocessed images, and captions.
// Torch-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/corpus/corpus.h"
#include "data/corpus/quarantine.h"
#include "data/image/image.h"

namespace helip::mining {

struct EncodeInputs {
  std::size_t rows = 0;               // samples
  std::vector<float> pixels;          // [batch, 3, size, size], the rows after them zero; or empty
  std::vector<std::string> captions;  // [rows], an empty text for an unusable one
  // Samples whose caption is unusable or, where images are read, whose image cannot be decoded. A
  // sample is never replaced by another: its pixels are zero.
  std::vector<data::QuarantineEntry> quarantine;
  std::vector<data::QuarantineEntry> unusable_captions;  // captions alone
};

// Reads samples [first, first + rows), rows <= batch, and, if `preprocess` is not null,
// preprocesses their images. Throws DataError if the corpus itself cannot be read. Safe from many
// threads.
EncodeInputs read_encode_inputs(const data::Corpus& corpus,
                                const data::PreprocessConfig* preprocess,
                                const data::DecodeLimits& limits, std::uint64_t first,
                                std::size_t rows, std::size_t batch);

// Returns the quarantine entries that read_encode_inputs, reading images, would make for `count`
// samples from `first` on. What was found is kept in `feature_cache` for the next job of the
// corpus; empty: nothing is kept. Throws DataError if the corpus itself cannot be read, StoreError
// if the cache cannot be written.
std::vector<data::QuarantineEntry> unusable_samples(const data::Corpus& corpus,
                                                    const data::DecodeLimits& limits,
                                                    std::uint64_t first, std::uint64_t count,
                                                    const std::filesystem::path& feature_cache);

}  // namespace helip::mining
