#include "jobs/result_file.h"

#include <charconv>
#include <tuple>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "store/safetensors.h"

namespace helip::jobs {
namespace {

constexpr const char* kFormat = "helip_task/2";
constexpr std::size_t kDigestPrefix = 16;
constexpr std::uint64_t kLargestResult = 256 << 10;  // bytes of a JSON file

// What a result file says of itself.
struct Envelope {
  std::string format = kFormat;
  std::string task;         // label
  std::string task_sha256;  // of the task's JSON

  static constexpr auto fields() {
    return std::tuple{field("format", &Envelope::format), field("task", &Envelope::task),
                      field("task_sha256", &Envelope::task_sha256)};
  }
};

Envelope envelope_of(const Task& task) {
  return {.task = label(task), .task_sha256 = sha256_hex(to_json(task))};
}

void expect_same(const Envelope& found, const Task& task, const std::filesystem::path& file) {
  const Envelope expected = envelope_of(task);
  for (const auto& [what, is, should_be] :
       {std::tuple{"a result file of another format", &found.format, &expected.format},
        std::tuple{"a result file of another task", &found.task, &expected.task},
        std::tuple{"a result file of another configuration, corpus or model", &found.task_sha256,
                   &expected.task_sha256}}) {
    if (*is == *should_be) continue;
    throw StoreError({.what = what, .where = file.string(), .expected = *should_be, .found = *is});
  }
}

std::pair<Envelope, std::string> read_json_result(const std::filesystem::path& file) {
  if (const auto bytes = std::filesystem::file_size(file); bytes > kLargestResult) {
    throw StoreError({.what = "a result file is too large",
                      .where = file.string(),
                      .expected = cat("at most ", kLargestResult, " bytes"),
                      .found = cat(bytes)});
  }
  Envelope envelope;
  RecordReader reader(parse_record(read_text_file(file)), file.string());
  reader.take("format", envelope.format);
  reader.take("task", envelope.task);
  reader.take("task_sha256", envelope.task_sha256);
  Json result;
  reader.take("result", result);
  reader.finish();
  return {envelope, result.dump()};
}

}  // namespace

std::string_view result_extension(const Task& task) {
  return task.kind == kRange ? "safetensors" : "json";
}

std::string result_name(const Task& task, std::uint64_t fence, std::string_view sha256) {
  return cat(task.name, "-", fence, "-", sha256.substr(0, kDigestPrefix), ".",
             result_extension(task));
}

std::optional<Attempt> attempt_in(const std::string& name, const Task& task) {
  const std::string prefix = task.name + "-";
  const std::string suffix = cat(".", result_extension(task));
  if (!name.starts_with(prefix) || !name.ends_with(suffix) ||
      name.size() < prefix.size() + suffix.size()) {
    return std::nullopt;
  }
  const char* const begin = name.data() + prefix.size();
  const char* const end = name.data() + name.size() - suffix.size();
  Attempt attempt;
  const auto [dash, problem] = std::from_chars(begin, end, attempt.fence);
  if (problem != std::errc() || end - dash != kDigestPrefix + 1 || *dash != '-')
    return std::nullopt;
  attempt.digest_prefix.assign(dash + 1, end);
  return attempt;
}

std::string result_text(const Task& task, const std::string& result) {
  const Envelope envelope = envelope_of(task);
  RecordWriter writer;
  writer.put("format", envelope.format);
  writer.put("task", envelope.task);
  writer.put("task_sha256", envelope.task_sha256);
  writer.put("result", Json::parse(result));
  return writer.object().dump() + "\n";
}

std::map<std::string, std::string> result_metadata(const Task& task, const std::string& result) {
  const Envelope envelope = envelope_of(task);
  return {{"format", envelope.format},
          {"task", envelope.task},
          {"task_sha256", envelope.task_sha256},
          {"result", result}};
}

std::string read_result(const std::filesystem::path& file, const Task& task) {
  Envelope envelope;
  if (task.kind == kRange) {
    const auto tensors = store::SafetensorsFile::open(file);
    const auto text = [&](const char* key) {
      const auto found = tensors.metadata().find(key);
      if (found != tensors.metadata().end()) return found->second;
      throw StoreError(
          {.what = "a result file lacks a key", .where = file.string(), .expected = key});
    };
    envelope = {.format = text("format"), .task = text("task"), .task_sha256 = text("task_sha256")};
    expect_same(envelope, task, file);
    return text("result");
  }
  std::string result;
  std::tie(envelope, result) = read_json_result(file);
  expect_same(envelope, task, file);
  return result;
}

std::string read_committed_result(const std::filesystem::path& file) {
  return read_json_result(file).second;
}

}  // namespace helip::jobs
