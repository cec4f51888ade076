#include "data/import/import_shards.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <span>
#include <sstream>
#include <system_error>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/corpus/manifest.h"

namespace helip::data {
namespace {

constexpr std::size_t kShardDigits = 5;
constexpr const char* kProgress = "progress.jsonl";

std::string padded(std::uint64_t number, std::size_t width) {
  const std::string digits = cat(number);
  return std::string(width > digits.size() ? width - digits.size() : 0, '0') + digits;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string report_line(const ImportProblem& problem) {
  OrderedJson line = {{"source", printable(problem.source)},
                      {"key", printable(problem.key)},
                      {"reason", problem.reason}};
  if (!problem.detail.empty()) line["detail"] = printable(problem.detail);
  if (problem.samples != 1) line["samples"] = problem.samples;
  return line.dump() + "\n";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

ImportShards::ImportShards(const std::filesystem::path& out, std::uint64_t samples_per_shard,
                           const std::string& identity)
    : folder_(out.string() + ".import"),
      samples_per_shard_(samples_per_shard),
      digits_(std::max<std::size_t>(4, cat(samples_per_shard - 1).size())) {
  std::error_code error;
  std::filesystem::create_directories(corpus(), error);
  if (error) {
    throw StoreError(
        {.what = "cannot make the folder", .where = corpus().string(), .found = error.message()});
  }
  lock();
  take_over(identity);
}

ImportShards::~ImportShards() { ::close(lock_); }

void ImportShards::lock() {
  const auto file = folder_ / "lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  if (lock_ >= 0) ::close(lock_);
  if (reason == EWOULDBLOCK) {
    throw ConfigError({.what = "another import works on this folder", .where = folder_.string()});
  }
  throw StoreError({.what = "cannot lock the file",
                    .where = file.string(),
                    .found = std::generic_category().message(reason)});
}

void ImportShards::take_over(const std::string& identity) {
  const auto file = folder_ / kProgress;
  const OrderedJson header = {{"identity", identity}};
  std::string kept = header.dump() + "\n";
  if (is_file(file)) {
    const auto lines = lines_of(read_text_file(file));
    const bool is_same = !lines.empty() && lines.front() + "\n" == kept;
    for (std::size_t i = 1; is_same && i < lines.size() && take_over_shard(lines[i]); ++i) {
      kept += lines[i] + "\n";
    }
  }
  remove_unknown();
  publish_file(file, kept);
}

// False if the line is torn, or the shard is not what it says.
bool ImportShards::take_over_shard(const std::string& line) {
  const auto record = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!record.is_object()) return false;
  try {
    const auto file = corpus() / shard_name();
    if (!is_file(file)) return false;
    if (sha256_file(file) != record.at("sha256").get<std::string>()) return false;
    const auto report = record.at("report").get<std::string>();
    std::vector<ImportProblem> problems;
    for (const std::string& line_of_report : lines_of(report)) {
      const auto entry = Json::parse(line_of_report);
      problems.push_back({.source = entry.at("source").get<std::string>(),
                          .key = {},
                          .reason = entry.at("reason").get<std::string>(),
                          .detail = entry.value("detail", std::string()),
                          .samples = entry.value("samples", std::uint64_t{1})});
    }
    const auto samples = record.at("samples").get<std::uint64_t>();
    const auto next_pair = record.at("next_pair").get<std::uint64_t>();
    rewritten_ += record.at("rewritten").get<std::uint64_t>();
    next_pair_ = next_pair;
    for (const ImportProblem& problem : problems) count(problem);
    report_ += report;
    names_.push_back(shard_name());
    samples_.push_back(samples);
    return true;
  } catch (const JsonError&) {
    return false;
  }
}

void ImportShards::remove_unknown() const {
  const std::set<std::string> known(names_.begin(), names_.end());
  std::error_code error;
  std::filesystem::directory_iterator entry(corpus(), error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (known.count(entry->path().filename().string()) == 0) remove_path(entry->path());
  }
  if (error) {
    throw StoreError(
        {.what = "cannot read the folder", .where = corpus().string(), .found = error.message()});
  }
}

std::string ImportShards::shard_name() const {
  return padded(names_.size(), kShardDigits) + ".tar";
}

void ImportShards::count(const ImportProblem& problem) {
  if (problem.samples == 0) {
    Noted& noted = noted_[problem.reason];
    if (noted.count++ == 0)
      noted.first = cat(problem.source, problem.detail.empty() ? "" : ": ", problem.detail);
    return;
  }
  left_out_ += problem.samples;
  reasons_[problem.reason] += problem.samples;
}

void ImportShards::add(std::uint64_t pair, const std::string& key, const std::string& caption,
                       const ImportedImage& image) {
  if (!tar_) tar_ = std::make_unique<TarWriter>(corpus() / shard_name());
  const std::string name = padded(names_.size(), kShardDigits) + padded(in_shard_, digits_);
  const OrderedJson facts = {
      {"key", printable(key)}, {"width", image.width}, {"height", image.height}};
  tar_->add(name + "." + image.extension, image.encoded);
  tar_->add(name + ".json", bytes_of(facts.dump()));
  tar_->add(name + ".txt", bytes_of(caption));
  rewritten_in_shard_ += image.rewritten ? 1 : 0;
  if (++in_shard_ == samples_per_shard_) close_shard(pair + 1);
}

void ImportShards::leave_out(const ImportProblem& problem) {
  report_tail_ += report_line(problem);
  count(problem);
}

void ImportShards::close_shard(std::uint64_t next_pair) {
  tar_->publish();
  tar_.reset();
  const OrderedJson record = {{"shard", shard_name()},
                              {"sha256", sha256_file(corpus() / shard_name())},
                              {"samples", in_shard_},
                              {"next_pair", next_pair},
                              {"rewritten", rewritten_in_shard_},
                              {"report", report_tail_}};
  append_line(folder_ / kProgress, record.dump());
  names_.push_back(shard_name());
  samples_.push_back(std::exchange(in_shard_, 0));
  rewritten_ += std::exchange(rewritten_in_shard_, 0);
  report_ += std::exchange(report_tail_, {});
  next_pair_ = next_pair;
}

std::vector<std::filesystem::path> ImportShards::finish(std::uint64_t pairs) {
  if (in_shard_ > 0) close_shard(pairs);
  OrderedJson sizes = OrderedJson::object();
  std::vector<std::filesystem::path> shards;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    sizes[names_[i]] = samples_[i];
    shards.push_back(corpus() / names_[i]);
  }
  publish_file(corpus() / "sizes.json", sizes.dump(1) + "\n");
  publish_file(corpus() / kImportReportFile, report_ + report_tail_);
  return shards;
}

std::filesystem::path ImportShards::report_failure() const {
  const auto file = folder_ / kImportReportFile;
  publish_file(file, report_ + report_tail_);
  return file;
}

void ImportShards::publish(const std::filesystem::path& out) {
  publish_folder(corpus(), out);
  remove_path(folder_);
}

}  // namespace helip::data
