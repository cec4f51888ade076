// index.npy of a corpus: where each sample lies. int64 [N, 7]. The first six columns are the first
// six members of SampleLocation; the last packs the image extension (bits 0–7), the caption's kind
// (bit 8) and the bytes of tar headers before the image (from bit 16).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "data/corpus/manifest.h"
#include "store/npy.h"

namespace helip::data {

struct SampleLocation {
  std::uint32_t shard = 0;
  std::uint64_t sample_offset = 0;  // of the first header of the sample's first member
  std::uint64_t image_offset = 0;   // of the content, in bytes from the shard's start
  std::uint64_t image_bytes = 0;
  std::uint64_t caption_offset = 0;
  std::uint64_t caption_bytes = 0;
  std::uint8_t extension = 0;  // position in kImageExtensions
  bool json_caption = false;   // the caption is a field of a .json, not a .txt
  // The tar headers (extended ones included) that end at image_offset; they hold the key.
  std::uint32_t header_bytes = 0;

  bool operator==(const SampleLocation&) const = default;
};

// Memory-mapped; immutable; safe from many threads.
class LocationIndex {
 public:
  // Maps the file. Throws StoreError if its shape does not fit the manifest or a sample lies
  // outside of its shard.
  static LocationIndex open(const std::filesystem::path& file, const CorpusManifest& manifest);
  // Returns where a sample lies. `sample` must be below the manifest's number of pairs.
  [[nodiscard]] SampleLocation at(std::uint64_t sample) const;

 private:
  explicit LocationIndex(store::NpyArray array) : array_(std::move(array)) {}
  store::NpyArray array_;
};

// Writes the index. Returns the file's sha256. Throws StoreError if the file cannot be written.
std::string write_location_index(const std::filesystem::path& file,
                                 const std::vector<SampleLocation>& locations);

}  // namespace helip::data
