#include "eval/webdataset_split.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>
#include <utility>

#include "common/digest.h"
#include "common/log.h"
#include "common/text.h"
#include "data/corpus/tar_reader.h"
#include "data/corpus/webdataset.h"
#include "data/text/caption.h"
#include "eval/dataset_text.h"
#include "eval/shard_samples.h"

namespace helip::eval {
namespace {

constexpr std::size_t kShownBytes = 80;  // of what a message quotes

std::int64_t whole_number(const std::string& text, const std::filesystem::path& where) {
  const std::string digits = data::trimmed(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    throw dataset_error("not a number", where, "a whole number, 0 or more",
                        digits.empty() ? "nothing" : cat("'", shortened(digits, kShownBytes), "'"));
  }
  return value;
}

// Adds a shard's samples to `dataset`. Returns the shard's sha256.
std::string read_shard(const std::filesystem::path& shard, Dataset& dataset) {
  data::TarReader reader(shard);
  const std::size_t file = dataset.files.size();
  dataset.files.push_back(shard);
  DatasetSample sample;
  const auto text = [&] {
    const auto bytes = reader.read_all();
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto take = [&](const std::string& where, const data::MemberName& name,
                        const data::TarMember& member) {
    if (data::image_extension_index(name.extension)) {
      sample.image = {.file = file, .offset = member.data_offset, .size = member.size};
    } else if (name.extension == "cls") {
      sample.labels = labels_in(text(), where);
    } else if (name.extension == "txt") {
      sample.captions = captions_in(text(), where);
    }
  };
  const auto close = [&](const std::string& key) {
    sample.key = key;
    dataset.samples.push_back(std::exchange(sample, {}));
  };
  std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  const std::size_t before = dataset.samples.size();
  read_samples(reader, shard, all, take, close);
  if (!reader.has_end_mark()) warn_of_end(shard, dataset.samples.size() - before);
  return reader.sha256();
}

// Names the tars that are there instead of 0.tar and the others, for a message.
std::string tars_there(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".tar") names.push_back(entry.path().filename().string());
  }
  if (names.empty()) return "no tars";
  std::sort(names.begin(), names.end());
  return cat(names.size(), names.size() == 1 ? " tar, " : " tars, the first ",
             shortened(names.front(), kShownBytes));
}

}  // namespace

Labels labels_in(const std::string& text, const std::string& where) {
  std::istringstream words(text);
  Labels labels;
  for (std::string word; words >> word;) labels.push_back(whole_number(word, where));
  if (labels.empty()) labels.push_back(whole_number(text, where));  // says that nothing was found
  return labels;
}

std::vector<std::string> captions_in(const std::string& text, const std::string& where) {
  return lines_of(text, where);
}

DataError no_samples(const std::filesystem::path& split_folder, std::int64_t shards) {
  return dataset_error("the data set has no samples", split_folder, "samples in its tars",
                       cat("none in ", shards, " tars"));
}

std::int64_t read_shard_count(const std::filesystem::path& split_folder) {
  if (!std::filesystem::is_directory(split_folder)) {
    throw dataset_error("the data set has no such split", split_folder, "a folder with nshards.txt",
                        std::filesystem::exists(split_folder) ? "a file" : "no such folder");
  }
  const auto file = split_folder / "nshards.txt";
  std::string number = read_data_file(file);
  // A byte order mark means nothing, as in the other files.
  if (number.starts_with("\xEF\xBB\xBF")) number.erase(0, 3);
  const std::int64_t shards = whole_number(number, file);
  for (std::int64_t i = 0; i < shards; ++i) {
    const auto shard = split_folder / cat(i, ".tar");
    if (std::filesystem::exists(shard)) continue;
    throw dataset_error("a shard of the data set is missing", shard,
                        cat(shards, " shards, as nshards.txt says: 0.tar to ", shards - 1, ".tar"),
                        tars_there(split_folder));
  }
  const auto beyond = split_folder / cat(shards, ".tar");
  if (std::filesystem::exists(beyond)) {
    log::warning(cat(beyond.string(), ": not read, as nshards.txt says ", shards, " shards"));
  }
  return shards;
}

void read_webdataset_split(const std::filesystem::path& split_folder, Dataset& dataset) {
  const std::int64_t shards = read_shard_count(split_folder);
  Sha256 digest;
  for (std::int64_t i = 0; i < shards; ++i) {
    digest.update(read_shard(split_folder / cat(i, ".tar"), dataset) + "\n");
  }
  if (dataset.samples.empty()) throw no_samples(split_folder, shards);
  dataset.fingerprint = digest.hex();
}

}  // namespace helip::eval
