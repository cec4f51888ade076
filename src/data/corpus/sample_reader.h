// Reads single samples of a corpus' shards by pread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/corpus/corpus.h"
#include "data/corpus/location_index.h"

namespace helip::data {

// Safe from many threads. Keeps a bounded number of shards open, those used last.
class SampleReader {
 public:
  // `names`: what the shards are called in samples. `max_image_bytes`: as Corpus::open.
  SampleReader(std::vector<std::filesystem::path> shards, std::vector<std::string> names,
               std::string caption_key, std::uint64_t max_image_bytes);
  // Throws DataError naming shard, offset and key if the bytes cannot be read.
  [[nodiscard]] Sample read(SampleId id, const SampleLocation& location) const;

 private:
  class OpenFile;
  std::shared_ptr<const OpenFile> open(std::uint32_t shard) const;

  std::vector<std::filesystem::path> shards_;
  std::vector<std::string> names_;
  std::string caption_key_;
  std::uint64_t max_image_bytes_;
  mutable std::mutex mutex_;
  // Guarded by mutex_: most recently used first.
  mutable std::list<std::pair<std::uint32_t, std::shared_ptr<const OpenFile>>> open_files_;
  mutable std::unordered_map<std::uint32_t, decltype(open_files_)::iterator> by_shard_;
};

}  // namespace helip::data
