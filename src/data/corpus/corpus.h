// A corpus of image-text pairs: WebDataset shards with an index, so that any sample is one pread
// away (the hard pairs of a seed lie anywhere). Ids are positions in the manifest, in shard order,
// then order in the tar. A pair is an image member with a caption member (.txt, else .json);
// whether it can be decoded shows on loading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/ids.h"
#include "config/run_config.h"
#include "data/corpus/manifest.h"
#include "data/image/decode_limits.h"

namespace helip::data {

// A sample as stored: encoded image bytes and caption, nothing decoded.
struct Sample {
  SampleId id{};
  std::string key;               // WebDataset key
  std::string shard;             // shard, as the manifest names it
  std::uint64_t offset = 0;      // of its first tar header in the shard, for messages
  std::string image_extension;   // jpg | jpeg | png | webp
  std::vector<std::byte> image;  // encoded bytes
  std::string caption;           // UTF-8 as stored; empty if unusable (see caption_problem)
  std::string caption_problem;   // empty if usable; else why not (missing, empty, invalid UTF-8)
};

// Immutable after open; safe from many threads.
class Corpus {
 public:
  // `folder` holds manifest.json and index.npy, duplicate_groups (image_group.npy,
  // caption_group.npy). Throws DataError if a shard is missing or its size differs from the
  // manifest, StoreError if the index is damaged.
  // Reads an image larger than `max_image_bytes` only up to one byte more, which decode_image
  // refuses.
  static Corpus open(const std::filesystem::path& folder,
                     std::uint64_t max_image_bytes = DecodeLimits{}.max_bytes);
  Corpus(Corpus&&) noexcept;
  Corpus& operator=(Corpus&&) noexcept;
  ~Corpus();

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] const CorpusManifest& manifest() const;
  // Throws DataError naming shard, offset and key if the bytes cannot be read.
  [[nodiscard]] Sample load(SampleId id) const;
  // Duplicate groups, [size]: equal numbers are duplicates (exact image bytes; cleaned caption).
  [[nodiscard]] std::span<const std::uint32_t> image_groups() const;
  [[nodiscard]] std::span<const std::uint32_t> caption_groups() const;

 private:
  struct State;
  explicit Corpus(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace helip::data
