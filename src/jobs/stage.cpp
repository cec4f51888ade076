#include "jobs/stage.h"

#include <algorithm>

#include "common/error.h"

namespace helip::jobs {

std::string_view name_of(Stage stage) {
  constexpr std::array<std::string_view, 6> kNames = {"index", "encode", "mine",
                                                      "train", "eval",   "report"};
  return kNames[static_cast<std::size_t>(stage)];
}

std::optional<Stage> find_stage(std::string_view name) {
  for (const Stage stage : kStages) {
    if (name_of(stage) == name) return stage;
  }
  return std::nullopt;
}

Stage stage_from_name(std::string_view name, std::string_view where) {
  if (const auto stage = find_stage(name)) return *stage;
  throw ConfigError({.what = "unknown stage",
                     .where = std::string(where),
                     .expected = "index, encode, mine, train, eval or report",
                     .found = std::string(name)});
}

std::vector<Stage> stages_from_list(std::string_view list, std::string_view where) {
  if (list == "all") return {kStages.begin(), kStages.end()};
  std::vector<Stage> stages;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    stages.push_back(stage_from_name(list.substr(begin, end - begin), where));
    begin = end + 1;
  }
  std::sort(stages.begin(), stages.end());
  stages.erase(std::unique(stages.begin(), stages.end()), stages.end());
  return stages;
}

std::string to_list(const std::vector<Stage>& stages) {
  std::string list;
  for (const Stage stage : stages) {
    if (!list.empty()) list += ',';
    list += name_of(stage);
  }
  return list;
}

}  // namespace helip::jobs
