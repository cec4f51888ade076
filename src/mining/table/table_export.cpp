#include "mining/table/table_export.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <string>

#include "common/error.h"
#include "common/ids.h"
#include "common/mapped_file.h"
#include "common/publish.h"
#include "common/text.h"
#include "store/array_files.h"

namespace helip::mining {
namespace {

namespace fs = std::filesystem;

// The shortest text that reads back as the same number, in every locale.
template <typename Number>
void append(std::string& out, Number value) {
  std::array<char, 32> buffer{};
  out.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
}

std::string json_line(const store::HardPairTable& table, std::uint64_t target) {
  std::string ids;
  std::string scores;
  const auto partners = table.partners(SampleId{target});
  for (std::size_t slot = 0; slot < partners.size() && partners[slot] != kNoPair; ++slot) {
    if (slot > 0) {
      ids += ',';
      scores += ',';
    }
    append(ids, partners[slot]);
    append(scores, table.scores(SampleId{target})[slot]);
  }
  std::string line = "{\"target\":";
  append(line, target);
  line += table.suitable(SampleId{target}) ? ",\"suitable\":true" : ",\"suitable\":false";
  return line + ",\"hard_pairs\":[" + ids + "],\"scores\":[" + scores + "]}\n";
}

// Gathers lines into large writes.
class Lines {
 public:
  explicit Lines(const fs::path& file) : publisher_(file) {}

  void add(const std::string& line) {
    constexpr std::size_t kBuffer = std::size_t{1} << 20;
    buffer_ += line;
    if (buffer_.size() >= kBuffer) flush();
  }
  void publish() {
    flush();
    publisher_.publish();
  }

 private:
  void flush() {
    publisher_.write(buffer_);
    buffer_.clear();
  }

  FilePublisher publisher_;
  std::string buffer_;
};

}  // namespace

std::uint64_t export_csv(const store::HardPairTable& table, const fs::path& file) {
  Lines lines(file);
  std::uint64_t written = 0;
  for (std::uint64_t target = 0; target < table.size(); ++target) {
    const auto partners = table.partners(SampleId{target});
    if (!table.suitable(SampleId{target}) || partners.back() == kNoPair) continue;
    std::string line;
    append(line, target);
    for (const std::uint32_t id : partners) {
      line += ',';
      append(line, id);
    }
    lines.add(line + "\r\n");
    ++written;
  }
  lines.publish();
  return written;
}

std::uint64_t export_jsonl(const store::HardPairTable& table, const fs::path& file) {
  Lines lines(file);
  for (std::uint64_t target = 0; target < table.size(); ++target) {
    lines.add(json_line(table, target));
  }
  lines.publish();
  return table.size();
}

std::uint64_t export_npy(const store::HardPairTable& table, const fs::path& folder) {
  if (fs::exists(folder)) {
    throw ConfigError({.what = "the output exists already",
                       .where = folder.string(),
                       .expected = "a new folder"});
  }
  const fs::path out = without_last_slash(folder);
  const StagingFolder staging(out.string() + cat(".tmp.", ::getpid()));
  for (const std::string name : {store::kIndicesFile, store::kScoresFile}) {
    const MappedFile array(table.folder() / name);
    FilePublisher copy(staging.path() / name);
    copy.write(array.bytes());
    copy.publish();
  }
  publish_folder(staging.path(), out);
  return table.size();
}

}  // namespace helip::mining
