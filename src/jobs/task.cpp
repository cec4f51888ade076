#include "jobs/task.h"

#include <algorithm>

#include "common/error.h"
#include "common/text.h"

namespace helip::jobs {

std::string label(const Task& task) { return cat(name_of(task.stage), "/", task.name); }

void expect_kind(const Task& task, Stage stage, std::string_view kind) {
  if (task.stage == stage && task.kind == kind) return;
  throw StoreError({.what = "a task is of another kind",
                    .where = label(task),
                    .expected = cat(name_of(stage), ", ", kind),
                    .found = cat(name_of(task.stage), ", ", task.kind)});
}

std::string to_json(const Task& task) {
  RecordWriter writer;
  writer.put("stage", std::string(name_of(task.stage)));
  writer.put("kind", task.kind);
  writer.put("name", task.name);
  writer.put("config_digest", task.config_digest);
  writer.put("corpus", task.corpus);
  writer.put("task", Json::parse(task.body));
  return writer.object().dump();
}

Task task_from_json(std::string_view json, const std::string& where) {
  RecordReader reader(parse_record(json), where);
  Task task;
  std::string stage;
  reader.take("stage", stage);
  const auto found = find_stage(stage);
  if (!found) throw StoreError({.what = "unknown stage", .where = where, .found = stage});
  task.stage = *found;
  reader.take("kind", task.kind);
  reader.take("name", task.name);
  reader.take("config_digest", task.config_digest);
  reader.take("corpus", task.corpus);
  Json body;
  reader.take("task", body);
  task.body = body.dump();
  reader.finish();
  return task;
}

std::string range_name(std::uint64_t first) {
  constexpr std::size_t kDigits = 10;
  const std::string digits = cat(first);
  return cat(kRange, "-", std::string(kDigits - std::min(digits.size(), kDigits), '0'), digits);
}

std::string to_lines(const std::vector<MergeInput>& inputs) {
  std::string lines;
  for (const MergeInput& input : inputs) lines += to_json(input) + "\n";
  return lines;
}

std::vector<MergeInput> merge_inputs_from_lines(std::string_view lines, const std::string& where) {
  std::vector<MergeInput> inputs;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    if (end == std::string_view::npos) {
      throw StoreError({.what = "the last line is cut off", .where = where});
    }
    inputs.push_back(
        from_json<MergeInput>(lines.substr(0, end), cat(where, ":", inputs.size() + 1)));
    lines.remove_prefix(end + 1);
  }
  return inputs;
}

}  // namespace helip::jobs
