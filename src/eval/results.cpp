#include "eval/results.h"

#include <cmath>
#include <cstddef>
#include <set>

#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::eval {
namespace {

const std::set<std::string> kKeys = {"dataset", "model",   "pretrained",
                                     "task",    "metrics", "language"};

StoreError malformed(const std::string& what, const std::string& where,
                     const std::string& expected = {}, const std::string& found = {}) {
  return StoreError({.what = what, .where = where, .expected = expected, .found = found});
}

// The reader keeps the last of equal keys without a word; here they are damage.
OrderedJson parse_strictly(const std::string& text, const std::string& origin) {
  std::vector<std::set<std::string>> open;
  std::string repeated;
  const auto watch = [&](int /*depth*/, JsonEvent event, const std::string& key) {
    if (event == JsonEvent::object_start) open.emplace_back();
    if (event == JsonEvent::object_end) open.pop_back();
    if (event == JsonEvent::key && !open.back().insert(key).second) repeated = key;
  };
  try {
    OrderedJson parsed = OrderedJson::parse(text, watch);
    if (!repeated.empty()) throw malformed("a key appears twice", origin, {}, repeated);
    return parsed;
  } catch (const JsonSyntaxError& error) {
    throw malformed("results are not JSON", cat(origin, " byte ", error.byte));
  } catch (const JsonError&) {  // a number that no double holds
    throw malformed("results are not JSON of this machine's numbers", origin);
  }
}

std::string text_field(const OrderedJson& entry, const std::string& key, const std::string& where) {
  if (!entry.contains(key)) throw malformed("a key is missing", where, key);
  if (!entry[key].is_string()) {
    throw malformed("'" + key + "' has another type", where, "string", entry[key].type_name());
  }
  return entry[key].get<std::string>();
}

EvalResult parse_entry(const OrderedJson& entry, const std::string& where) {
  if (!entry.is_object()) {
    throw malformed("a result is not an object", where, "object", entry.type_name());
  }
  for (const auto& [key, value] : entry.items()) {
    if (!kKeys.contains(key)) {
      throw malformed("unknown key", where, "dataset, model, pretrained, task, metrics, language",
                      key);
    }
  }
  EvalResult result;
  result.dataset = text_field(entry, "dataset", where);
  result.model = text_field(entry, "model", where);
  result.pretrained = text_field(entry, "pretrained", where);
  result.task = text_field(entry, "task", where);
  result.language = text_field(entry, "language", where);
  if (!entry.contains("metrics")) throw malformed("a key is missing", where, "metrics");
  if (!entry["metrics"].is_object()) {
    throw malformed("'metrics' has another type", where, "object", entry["metrics"].type_name());
  }
  for (const auto& [name, value] : entry["metrics"].items()) {
    if (!value.is_number()) {
      throw malformed("metric '" + name + "' has another type", where, "number", value.type_name());
    }
    result.metrics[name] = value.get<double>();
  }
  return result;
}

}  // namespace

std::string to_json(const std::vector<EvalResult>& results) {
  OrderedJson list = OrderedJson::array();
  for (const EvalResult& result : results) {
    OrderedJson metrics = OrderedJson::object();
    for (const auto& [name, value] : result.metrics) {
      if (!std::isfinite(value)) {
        throw malformed("a metric is not finite", cat(result.dataset, " ", result.task, " ", name));
      }
      metrics[name] = value;
    }
    list.push_back({{"dataset", result.dataset},
                    {"model", result.model},
                    {"pretrained", result.pretrained},
                    {"task", result.task},
                    {"metrics", std::move(metrics)},
                    {"language", result.language}});
  }
  return list.dump(2, ' ', false, JsonText::replace) + "\n";
}

std::vector<EvalResult> results_from_json(const std::string& json, const std::string& origin) {
  const OrderedJson list = parse_strictly(json, origin);
  if (!list.is_array())
    throw malformed("results are not a list", origin, "array", list.type_name());
  std::vector<EvalResult> results;
  for (std::size_t index = 0; index < list.size(); ++index) {
    results.push_back(parse_entry(list[index], cat(origin, " entry ", index)));
  }
  return results;
}

void write_results(const std::filesystem::path& file, const std::vector<EvalResult>& results) {
  publish_file(file, to_json(results));
}

std::vector<EvalResult> read_results(const std::filesystem::path& file) {
  return results_from_json(read_text_file(file), file.string());
}

}  // namespace helip::eval
