#include "cli/commands/experiment_data.h"

#include <optional>

#include "cli/preflight/data_stamps.h"
#include "jobs/data_stamps.h"

namespace helip::cli {

std::map<std::string, std::vector<std::string>> jobs_of_changed_data(
    const std::vector<experiment::PlannedJob>& jobs) {
  std::map<std::string, std::vector<std::string>> changed;
  for (const experiment::PlannedJob& job : jobs) {
    const std::optional<jobs::DataStamps> noted =
        jobs::noted_stamps(jobs::WorkDir(job.config.output.work_dir));
    if (!noted) continue;
    for (const std::string& name : jobs::changed_data_sets(*noted, data_stamps(job.config))) {
      changed[name].push_back(job.name);
    }
  }
  return changed;
}

}  // namespace helip::cli
