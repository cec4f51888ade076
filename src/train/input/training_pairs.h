// What training needs to know of the corpus besides its inputs: how many pairs, which are
// duplicates. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace helip::train {

// Immutable.
class TrainingPairs {
 public:
  virtual ~TrainingPairs() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  [[nodiscard]] virtual const std::string& fingerprint() const = 0;
  // [size]; equal numbers are duplicates.
  [[nodiscard]] virtual std::span<const std::uint32_t> image_groups() const = 0;
  [[nodiscard]] virtual std::span<const std::uint32_t> caption_groups() const = 0;
};

// Full builds read the corpus through data::Corpus; engine-only builds, which have no shards, read
// manifest.json, image_group.npy and caption_group.npy of its folder. Throws DataError or
// StoreError.
std::unique_ptr<TrainingPairs> open_training_pairs(const std::filesystem::path& corpus_folder);

}  // namespace helip::train
