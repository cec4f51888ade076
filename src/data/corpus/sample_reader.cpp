#include "data/corpus/sample_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "data/corpus/tar_reader.h"
#include "data/corpus/webdataset.h"
#include "data/text/caption.h"

namespace helip::data {
namespace {

// Below the usual limit of 1,024 open files, with room for the rest of the process.
constexpr std::size_t kMaxOpenShards = 256;

}  // namespace

class SampleReader::OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path)
      : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (file_ < 0) {
      throw DataError({.what = "cannot open the shard",
                       .where = path_.string(),
                       .found = std::generic_category().message(errno)});
    }
  }
  ~OpenFile() { ::close(file_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] std::vector<std::byte> read(std::uint64_t offset, std::uint64_t bytes,
                                            const std::string& key) const {
    std::vector<std::byte> content(static_cast<std::size_t>(bytes));
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t got = ::pread(file_, content.data() + done, content.size() - done,
                                  static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        throw DataError({.what = "cannot read a sample",
                         .where = cat(path_.string(), ": byte ", offset, ", key ", key),
                         .expected = cat(bytes, " bytes"),
                         .found = got == 0 ? cat(done, " bytes, then the end of the file")
                                           : std::generic_category().message(errno)});
      }
      done += static_cast<std::size_t>(got);
    }
    return content;
  }

 private:
  std::filesystem::path path_;
  int file_;
};

SampleReader::SampleReader(std::vector<std::filesystem::path> shards,
                           std::vector<std::string> names, std::string caption_key,
                           std::uint64_t max_image_bytes)
    : shards_(std::move(shards)),
      names_(std::move(names)),
      caption_key_(std::move(caption_key)),
      max_image_bytes_(max_image_bytes) {}

std::shared_ptr<const SampleReader::OpenFile> SampleReader::open(std::uint32_t shard) const {
  const MutexLock lock(mutex_);
  const auto known = by_shard_.find(shard);
  if (known != by_shard_.end()) {
    open_files_.splice(open_files_.begin(), open_files_, known->second);
    return open_files_.front().second;
  }
  auto file = std::make_shared<const OpenFile>(shards_.at(shard));
  if (open_files_.size() == kMaxOpenShards) {
    by_shard_.erase(open_files_.back().first);
    open_files_.pop_back();
  }
  open_files_.emplace_front(shard, file);
  by_shard_[shard] = open_files_.begin();
  return file;
}

Sample SampleReader::read(SampleId id, const SampleLocation& location) const {
  const auto file = open(location.shard);
  const std::filesystem::path& path = shards_[location.shard];
  Sample sample;
  sample.id = id;
  sample.shard = names_[location.shard];
  sample.offset = location.sample_offset;
  const std::uint64_t header_offset = location.image_offset - location.header_bytes;
  const auto headers = file->read(header_offset, location.header_bytes, "unknown");
  const auto name = split_member_name(member_name(headers, path.string(), header_offset));
  if (!name) {
    throw DataError({.what = "the shard changed since it was indexed: no sample there",
                     .where = cat(path.string(), ": byte ", header_offset)});
  }
  sample.key = name->key;
  sample.image_extension = kImageExtensions.at(location.extension);
  sample.image = file->read(location.image_offset,
                            std::min(location.image_bytes, max_image_bytes_ + 1), sample.key);
  const auto bytes = file->read(location.caption_offset,
                                std::min(location.caption_bytes, kMaxCaptionBytes + 1), sample.key);
  Caption caption =
      location.json_caption ? caption_of_json(bytes, caption_key_) : caption_of_text(bytes);
  sample.caption = std::move(caption.text);
  sample.caption_problem = std::move(caption.problem);
  return sample;
}

}  // namespace helip::data
