#include "eval/class_recalls.h"

#include <cstddef>
#include <cstdint>

#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"
#include "eval/strict_json.h"

namespace helip::eval {
namespace {

std::uint64_t count_field(const OrderedJson& entry, const std::string& key,
                          const std::string& where) {
  if (!entry[key].is_number_unsigned()) {
    throw malformed("'" + key + "' has another type", where, "a whole number, 0 or more",
                    entry[key].type_name());
  }
  return entry[key].get<std::uint64_t>();
}

ClassRecall parse_class(const OrderedJson& entry, const std::string& where) {
  expect_keys(entry, {"name", "samples", "right"}, where);
  ClassRecall recall = {.name = text_field(entry, "name", where),
                        .samples = count_field(entry, "samples", where),
                        .right = count_field(entry, "right", where)};
  if (recall.right > recall.samples) {
    throw malformed("a class has more right samples than samples", where,
                    cat("at most ", recall.samples), cat(recall.right));
  }
  return recall;
}

}  // namespace

std::string class_recalls_to_json(const std::vector<EvalResult>& results) {
  OrderedJson list = OrderedJson::array();
  for (const EvalResult& result : results) {
    if (result.classes.empty()) continue;
    OrderedJson classes = OrderedJson::array();
    for (const auto& [name, samples, right] : result.classes) {
      classes.push_back({{"name", name}, {"samples", samples}, {"right", right}});
    }
    list.push_back({{"dataset", result.dataset},
                    {"model", result.model},
                    {"pretrained", result.pretrained},
                    {"task", result.task},
                    {"classes", std::move(classes)}});
  }
  return list.dump(1, ' ', false, JsonText::replace) + "\n";
}

std::vector<ClassRecalls> class_recalls_from_json(const std::string& json,
                                                  const std::string& origin) {
  const OrderedJson list = parse_list(json, origin);
  std::vector<ClassRecalls> all;
  for (std::size_t index = 0; index < list.size(); ++index) {
    const std::string where = cat(origin, " entry ", index);
    const OrderedJson& entry = list[index];
    expect_keys(entry, {"dataset", "model", "pretrained", "task", "classes"}, where);
    ClassRecalls recalls = {.dataset = text_field(entry, "dataset", where),
                            .model = text_field(entry, "model", where),
                            .pretrained = text_field(entry, "pretrained", where),
                            .task = text_field(entry, "task", where),
                            .classes = {}};
    if (!entry["classes"].is_array()) {
      throw malformed("'classes' has another type", where, "array", entry["classes"].type_name());
    }
    for (std::size_t i = 0; i < entry["classes"].size(); ++i) {
      recalls.classes.push_back(parse_class(entry["classes"][i], cat(where, " class ", i)));
    }
    all.push_back(std::move(recalls));
  }
  return all;
}

void write_class_recalls(const std::filesystem::path& file,
                         const std::vector<EvalResult>& results) {
  publish_file(file, class_recalls_to_json(results));
}

}  // namespace helip::eval
