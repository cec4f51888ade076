// The number of pairs of the corpus, and which of them are duplicates: all that training needs to
// know of it besides its inputs. Torch-free.
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
  // Return a number for each pair, [N]: pairs with equal numbers are duplicates. Valid as long as
  // this.
  [[nodiscard]] virtual std::span<const std::uint32_t> image_groups() const = 0;
  [[nodiscard]] virtual std::span<const std::uint32_t> caption_groups() const = 0;
};

// Opens a corpus. Full builds read it through data::Corpus; engine-only builds, which cannot read
// shards, read manifest.json, image_group.npy and caption_group.npy of its folder. Throws DataError
// or StoreError.
std::unique_ptr<TrainingPairs> open_training_pairs(const std::filesystem::path& corpus_folder);

}  // namespace helip::train
