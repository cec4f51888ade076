// A corpus of image-text pairs: WebDataset shards with an index, so that any sample is read without
// reading what precedes it in its shard (the hard pairs of a seed lie in any shard). A sample's id
// is its position in the corpus: shards in the order of the manifest, samples in the order of the
// tar. A pair is an image member with a caption member (.txt, else .json) of the same key; whether
// its image can be decoded is not checked here.
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
  std::uint64_t offset = 0;      // of its first tar header, in bytes from the shard's start
  std::string image_extension;   // jpg | jpeg | png | webp
  std::vector<std::byte> image;  // encoded bytes
  std::string caption;           // UTF-8 as stored; empty if unusable (see caption_problem)
  std::string caption_problem;   // empty if usable; else why not (missing, empty, invalid UTF-8)
};

// Immutable after open; safe from many threads.
class Corpus {
 public:
  // Opens the corpus in `folder`: manifest.json, index.npy and the duplicate groups
  // (image_group.npy, caption_group.npy). load() reads an image larger than `max_image_bytes` only
  // up to one byte more, which decode_image with the same limit refuses. Throws DataError if
  // `folder` has no manifest.json, if a shard is missing or if its size differs from the manifest;
  // StoreError if the manifest, the index or the groups are damaged.
  static Corpus open(const std::filesystem::path& folder,
                     std::uint64_t max_image_bytes = DecodeLimits{}.max_bytes);
  Corpus(Corpus&&) noexcept;
  Corpus& operator=(Corpus&&) noexcept;
  ~Corpus();

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] const CorpusManifest& manifest() const;
  // Reads one sample. Throws DataError if `id` is not below size() or, naming the shard, if the
  // bytes cannot be read.
  [[nodiscard]] Sample load(SampleId id) const;
  // Return the duplicate groups, uint32 [size()]: samples with equal numbers are duplicates (equal
  // image bytes; equal caption_key() of the caption). The spans are valid as long as the corpus.
  [[nodiscard]] std::span<const std::uint32_t> image_groups() const;
  [[nodiscard]] std::span<const std::uint32_t> caption_groups() const;

 private:
  struct State;
  explicit Corpus(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace helip::data
