#include "eval/results.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"
#include "eval/strict_json.h"

namespace helip::eval {
namespace {

const std::vector<std::string> kKeys = {"dataset", "model",   "pretrained",
                                        "task",    "metrics", "language"};

constexpr const char* kNormalized = "normalized";

EvalResult parse_entry(const OrderedJson& entry, const std::string& where) {
  expect_keys(entry, kKeys, where);
  EvalResult result;
  result.dataset = text_field(entry, "dataset", where);
  result.model = text_field(entry, "model", where);
  result.pretrained = text_field(entry, "pretrained", where);
  result.task = text_field(entry, "task", where);
  result.language = text_field(entry, "language", where);
  if (!entry["metrics"].is_object()) {
    throw malformed("'metrics' has another type", where, "object", entry["metrics"].type_name());
  }
  for (const auto& [name, value] : entry["metrics"].items()) {
    if (name == kNormalized && value.is_boolean()) {
      result.metrics[name] = value.get<bool>() ? 1 : 0;
      continue;
    }
    if (!value.is_number()) {
      throw malformed("metric '" + name + "' has another type", where, "number", value.type_name());
    }
    result.metrics[name] = value.get<double>();
  }
  return result;
}

// What clip_benchmark writes of a probe's settings as a whole number or a truth value.
OrderedJson value_of(const std::string& metric, double value) {
  if (metric == kNormalized) return value != 0;
  if (metric == "epochs" || metric == "seed" || metric == "fewshot_k") {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

OrderedJson entry_of(const EvalResult& result) {
  OrderedJson metrics = OrderedJson::object();
  for (const auto& [name, value] : result.metrics) {
    if (!std::isfinite(value)) {
      throw malformed("a metric is not finite", cat(result.dataset, " ", result.task, " ", name));
    }
    metrics[name] = value_of(name, value);
  }
  return {{"dataset", result.dataset},       {"model", result.model},
          {"pretrained", result.pretrained}, {"task", result.task},
          {"metrics", std::move(metrics)},   {"language", result.language}};
}

}  // namespace

std::string to_json(const std::vector<EvalResult>& results) {
  OrderedJson list = OrderedJson::array();
  for (const EvalResult& result : results) list.push_back(entry_of(result));
  return list.dump(2, ' ', false, JsonText::replace) + "\n";
}

std::string to_json(const EvalResult& result) {
  return entry_of(result).dump(-1, ' ', false, JsonText::replace) + "\n";
}

std::vector<EvalResult> results_from_json(const std::string& json, const std::string& origin) {
  const OrderedJson list = parse_list(json, origin);
  std::vector<EvalResult> results;
  for (std::size_t index = 0; index < list.size(); ++index) {
    results.push_back(parse_entry(list[index], cat(origin, " entry ", index)));
  }
  return results;
}

void write_results(const std::filesystem::path& file, const std::vector<EvalResult>& results) {
  publish_file(file, to_json(results));
}

void write_result(const std::filesystem::path& file, const EvalResult& result) {
  publish_file(file, to_json(result));
}

std::vector<EvalResult> read_results(const std::filesystem::path& file) {
  return results_from_json(read_text_file(file), file.string());
}

}  // namespace helip::eval
