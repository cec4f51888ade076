// Reads single samples of a corpus's shards by pread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/threads/mutex.h"
#include "data/corpus/corpus.h"
#include "data/corpus/location_index.h"

namespace helip::data {

// Safe from many threads. Keeps a bounded number of shards open: those that were used last.
class SampleReader {
 public:
  // Opens no file yet. `names`: the shards' names for Sample::shard. `max_image_bytes`: see
  // Corpus::open.
  SampleReader(std::vector<std::filesystem::path> shards, std::vector<std::string> names,
               std::string caption_key, std::uint64_t max_image_bytes);
  // Reads one sample. Throws DataError naming the shard if it cannot be opened or read, or if there
  // is no sample at the location.
  [[nodiscard]] Sample read(SampleId id, const SampleLocation& location) const;

 private:
  class OpenFile;
  std::shared_ptr<const OpenFile> open(std::uint32_t shard) const;

  std::vector<std::filesystem::path> shards_;
  std::vector<std::string> names_;
  std::string caption_key_;
  std::uint64_t max_image_bytes_;
  mutable Mutex mutex_;
  // Most recently used first.
  using OpenFiles = std::list<std::pair<std::uint32_t, std::shared_ptr<const OpenFile>>>;
  mutable OpenFiles open_files_ HELIP_GUARDED_BY(mutex_);
  mutable std::unordered_map<std::uint32_t, OpenFiles::iterator> by_shard_ HELIP_GUARDED_BY(mutex_);
};

}  // namespace helip::data
