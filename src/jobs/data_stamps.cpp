#include "jobs/data_stamps.h"

#include "common/json.h"
#include "common/path_kind.h"
#include "common/publish.h"

namespace helip::jobs {

std::optional<DataStamps> noted_stamps(const WorkDir& work_dir) {
  if (!is_file(work_dir.data_stamps())) return std::nullopt;
  try {
    return Json::parse(read_text_file(work_dir.data_stamps())).get<DataStamps>();
  } catch (const JsonError&) {
    return std::nullopt;  // as good as none: what it was about is scored again
  }
}

void note_stamps(const WorkDir& work_dir, const DataStamps& stamps) {
  publish_file(work_dir.data_stamps(), Json(stamps).dump(1) + "\n");
}

std::vector<std::string> changed_data_sets(const DataStamps& noted, const DataStamps& now) {
  std::vector<std::string> names;
  for (const auto& [name, stamp] : now) {
    const auto found = noted.find(name);
    if (found == noted.end() || found->second != stamp) names.push_back(name);
  }
  return names;
}

}  // namespace helip::jobs
