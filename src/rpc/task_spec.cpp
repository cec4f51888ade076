#include "rpc/task_spec.h"

#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::rpc {
namespace {

using nlohmann::json;

json parse(std::string_view text, std::string_view where) {
  json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded() || !parsed.is_object()) {
    throw StoreError({.what = "not a JSON object", .where = std::string(where)});
  }
  return parsed;
}

// Reads every key of an object once; what is left over is unknown.
class Reader {
 public:
  Reader(json object, std::string_view where) : object_(std::move(object)), where_(where) {}

  template <typename T>
  void read(const char* key, T& value) {
    const auto found = object_.find(key);
    if (found == object_.end()) throw problem("a key is missing", key);
    if constexpr (std::is_same_v<T, std::uint64_t>) {
      if (!found->is_number_unsigned()) throw problem("not a whole number", key);
    }
    try {
      value = found->get<T>();
    } catch (const json::exception&) {
      throw problem("a value has the wrong type", key);
    }
    object_.erase(found);
  }

  void finish() const {
    if (!object_.empty()) throw problem("unknown key", object_.begin().key());
  }

 private:
  [[nodiscard]] StoreError problem(const char* what, const std::string& key) const {
    return StoreError({.what = what, .where = cat(where_, ": ", key)});
  }

  json object_;
  std::string where_;
};

}  // namespace

std::filesystem::path TaskSpec::path(const std::string& role) const {
  const auto found = paths.find(role);
  if (found == paths.end()) {
    throw StoreError(
        {.what = "a task lacks a path", .where = cat(name_of(stage), "/", name), .expected = role});
  }
  return found->second;
}

std::string to_json(const TaskSpec& spec) {
  return json{{"stage", name_of(spec.stage)},
              {"kind", spec.kind},
              {"name", spec.name},
              {"first", spec.first},
              {"count", spec.count},
              {"pairs", spec.pairs},
              {"seed", spec.seed},
              {"dataset", spec.dataset},
              {"weights", spec.weights},
              {"corpus_fingerprint", spec.corpus_fingerprint},
              {"model_digest", spec.model_digest},
              {"config_digest", spec.config_digest},
              {"embeddings_digest", spec.embeddings_digest},
              {"features_digest", spec.features_digest},
              {"paths", spec.paths}}
      .dump();
}

TaskSpec task_spec_from_json(std::string_view text, std::string_view where) {
  Reader reader(parse(text, where), where);
  TaskSpec spec;
  std::string stage;
  reader.read("stage", stage);
  spec.stage = stage_from_name(stage, where);
  reader.read("kind", spec.kind);
  reader.read("name", spec.name);
  reader.read("first", spec.first);
  reader.read("count", spec.count);
  reader.read("pairs", spec.pairs);
  reader.read("seed", spec.seed);
  reader.read("dataset", spec.dataset);
  reader.read("weights", spec.weights);
  reader.read("corpus_fingerprint", spec.corpus_fingerprint);
  reader.read("model_digest", spec.model_digest);
  reader.read("config_digest", spec.config_digest);
  reader.read("embeddings_digest", spec.embeddings_digest);
  reader.read("features_digest", spec.features_digest);
  reader.read("paths", spec.paths);
  reader.finish();
  return spec;
}

std::string to_lines(const std::vector<TaskInput>& inputs) {
  std::string lines;
  for (const TaskInput& input : inputs) {
    lines += json{{"task", input.task}, {"first", input.first},   {"count", input.count},
                  {"file", input.file}, {"sha256", input.sha256}, {"result", input.result}}
                 .dump();
    lines += '\n';
  }
  return lines;
}

std::vector<TaskInput> task_inputs_from_lines(std::string_view lines, std::string_view where) {
  std::vector<TaskInput> inputs;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    if (end == std::string_view::npos) {
      throw StoreError({.what = "the last line is cut off", .where = std::string(where)});
    }
    const std::string line_where = cat(where, ":", inputs.size() + 1);
    Reader reader(parse(lines.substr(0, end), line_where), line_where);
    TaskInput& input = inputs.emplace_back();
    reader.read("task", input.task);
    reader.read("first", input.first);
    reader.read("count", input.count);
    reader.read("file", input.file);
    reader.read("sha256", input.sha256);
    reader.read("result", input.result);
    reader.finish();
    lines.remove_prefix(end + 1);
  }
  return inputs;
}

std::string_view result_extension(const TaskSpec& spec) {
  return spec.kind == "range" ? "safetensors" : "json";
}

std::filesystem::path result_file(const std::filesystem::path& work_dir, Stage stage,
                                  std::string_view name, std::uint64_t fence,
                                  std::string_view sha256, std::string_view extension) {
  return work_dir / "tasks" / name_of(stage) /
         cat(name, "-", fence, "-", sha256.substr(0, 16), ".", extension);
}

std::string result_envelope(const TaskSpec& spec, const std::string& result_json) {
  return json{{"format", "helip_task/1"},
              {"task", cat(name_of(spec.stage), "/", spec.name)},
              {"spec_sha256", sha256_hex(to_json(spec))},
              {"result", json::parse(result_json)}}
             .dump() +
         "\n";
}

std::map<std::string, std::string> result_metadata(const TaskSpec& spec) {
  return {{"format", "helip_task/1"},
          {"task", cat(name_of(spec.stage), "/", spec.name)},
          {"spec_sha256", sha256_hex(to_json(spec))},
          {"config_digest", spec.config_digest},
          {"corpus_fingerprint", spec.corpus_fingerprint}};
}

}  // namespace helip::rpc
