#include "data/import.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/caption.h"
#include "data/import_source.h"
#include "data/index_corpus.h"
#include "data/ordered_parallel.h"
#include "data/tar_writer.h"

namespace helip::data {
namespace {

using Json = nlohmann::ordered_json;

// A folder beside the final one that is removed unless it was published.
class UnfinishedFolder {
 public:
  explicit UnfinishedFolder(const std::filesystem::path& final_path)
      : path_(final_path.string() + cat(".tmp.", ::getpid())) {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
    if (!error) std::filesystem::create_directories(path_, error);
    if (error) {
      throw StoreError(
          {.what = "cannot make the folder", .where = path_.string(), .found = error.message()});
    }
  }
  ~UnfinishedFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  UnfinishedFolder(const UnfinishedFolder&) = delete;
  UnfinishedFolder& operator=(const UnfinishedFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string padded(std::uint64_t number, std::size_t width) {
  const std::string digits = cat(number);
  return std::string(width > digits.size() ? width - digits.size() : 0, '0') + digits;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// A pair ready to be written, or why it is left out.
struct Prepared {
  std::string key;
  std::string caption;
  ImportedImage image;
  std::optional<ImportProblem> problem;
};

Prepared prepare(SourcePair pair, const ImageRules& rules) {
  Prepared prepared{.key = pair.key, .caption = trimmed(pair.caption), .image = {}, .problem = {}};
  if (!pair.problem.empty()) {
    prepared.problem = ImportProblem{pair.source, pair.key, pair.problem, pair.detail};
    return prepared;
  }
  try {
    prepared.image = import_image(std::move(pair.image), rules);
  } catch (const DataError& error) {
    prepared.problem =
        ImportProblem{pair.source, pair.key, "the image cannot be decoded", error.what()};
  }
  return prepared;
}

// Cuts the pairs into shards.
class ShardedWriter {
 public:
  ShardedWriter(std::filesystem::path folder, std::uint64_t samples_per_shard)
      : folder_(std::move(folder)),
        samples_per_shard_(samples_per_shard),
        digits_(std::max<std::size_t>(4, cat(samples_per_shard - 1).size())) {}

  void add(const Prepared& pair) {
    if (!tar_) tar_ = std::make_unique<TarWriter>(folder_ / shard_name());
    const std::string key = padded(shard_, kShardDigits) + padded(in_shard_, digits_);
    const Json facts = {
        {"key", printable(pair.key)}, {"width", pair.image.width}, {"height", pair.image.height}};
    tar_->add(key + "." + pair.image.extension, pair.image.encoded);
    tar_->add(key + ".json", bytes_of(facts.dump()));
    tar_->add(key + ".txt", bytes_of(pair.caption));
    if (++in_shard_ == samples_per_shard_) close_shard();
  }

  // Names of the shards, in order.
  std::vector<std::filesystem::path> finish() {
    if (in_shard_ > 0) close_shard();
    publish_file(folder_ / "sizes.json", sizes_.dump(1) + "\n");
    return std::move(shards_);
  }

 private:
  static constexpr std::size_t kShardDigits = 5;

  [[nodiscard]] std::string shard_name() const { return padded(shard_, kShardDigits) + ".tar"; }

  void close_shard() {
    tar_->publish();
    tar_.reset();
    shards_.push_back(folder_ / shard_name());
    sizes_[shard_name()] = in_shard_;
    ++shard_;
    in_shard_ = 0;
  }

  std::filesystem::path folder_;
  std::uint64_t samples_per_shard_;
  std::size_t digits_;
  std::unique_ptr<TarWriter> tar_;
  std::uint64_t shard_ = 0;
  std::uint64_t in_shard_ = 0;
  std::vector<std::filesystem::path> shards_;
  Json sizes_ = Json::object();
};

std::string report_line(const ImportProblem& problem) {
  Json line = {{"source", printable(problem.source)},
               {"key", printable(problem.key)},
               {"reason", problem.reason}};
  if (!problem.detail.empty()) line["detail"] = printable(problem.detail);
  return line.dump() + "\n";
}

void check_options(const ImportOptions& options) {
  if (options.sources.empty() || options.samples_per_shard == 0 || options.threads == 0 ||
      options.images.max_side < 0) {
    throw ConfigError(
        {.what = "wrong options of the import",
         .expected = "a source, at least 1 sample per shard and 1 thread, a side of 0 or more"});
  }
  if (std::filesystem::exists(options.out)) {
    throw ConfigError({.what = "the output folder exists already and is not replaced",
                       .where = options.out.string()});
  }
}

// "D/" is D.
std::filesystem::path without_slash(const std::filesystem::path& folder) {
  return (std::filesystem::absolute(folder) / "").lexically_normal().parent_path();
}

}  // namespace

ImportReport import_corpus(const ImportOptions& options,
                           const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  check_options(options);
  const std::filesystem::path out = without_slash(options.out);
  ImportReport report;
  std::vector<std::unique_ptr<ImportSource>> sources;
  std::vector<std::uint64_t> first_pair;
  std::uint64_t total = 0;
  for (const std::string& source : options.sources) {
    sources.push_back(open_import_source(source, options.caption_key, options.csv));
    first_pair.push_back(total);
    total += sources.back()->size();
  }

  const UnfinishedFolder unfinished(out);
  FilePublisher lines(unfinished.path() / "import_report.jsonl");
  const auto leave_out = [&](const ImportProblem& problem) {
    ++report.left_out[problem.reason];
    lines.write(report_line(problem));
  };
  for (const auto& source : sources) {
    for (const ImportProblem& problem : source->unpaired()) leave_out(problem);
  }

  ShardedWriter writer(unfinished.path(), options.samples_per_shard);
  const auto make = [&](std::uint64_t i) {
    const auto after = std::upper_bound(first_pair.begin(), first_pair.end(), i);
    const auto source = static_cast<std::size_t>(after - first_pair.begin()) - 1;
    return prepare(sources[source]->read(i - first_pair[source]), options.images);
  };
  const auto take = [&](std::uint64_t i, const Prepared& pair) {
    if (pair.problem) {
      leave_out(*pair.problem);
    } else {
      report.rewritten += pair.image.rewritten ? 1 : 0;
      writer.add(pair);
    }
    if (progress) progress(i + 1, total);
  };
  ordered_parallel(total, options.threads, 8ULL * options.threads, make, take);

  const auto shards = writer.finish();
  if (shards.empty()) {
    std::string reasons;
    for (const auto& [reason, count] : report.left_out)
      reasons += cat(reasons.empty() ? "" : ", ", reason, ": ", count);
    throw DataError(
        {.what = "no usable pair to import", .where = options.sources.front(), .found = reasons});
  }
  lines.publish();
  report.manifest =
      write_corpus_index(scan_shards(shards, options.caption_key, {}), unfinished.path());
  publish_folder(unfinished.path(), out);
  return report;
}

}  // namespace helip::data
