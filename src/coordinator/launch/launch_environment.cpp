#include "coordinator/launch/launch_environment.h"

#include <algorithm>
#include <array>

#include "common/text.h"

namespace helip::coordinator {
namespace {

// As Open MPI 4.1 sets them, with those of PMI (MPICH, Slurm).
constexpr std::array<std::string_view, 15> kPrefixes = {
    "OMPI_COMM_WORLD_",
    "OMPI_MCA_ess_base_",
    "OMPI_MCA_orte_ess_",
    "OMPI_MCA_orte_precondition_transports",
    "OMPI_MCA_orte_local_daemon_uri",
    "OMPI_MCA_orte_hnp_uri",
    "OMPI_MCA_orte_parent_uri",
    "OMPI_MCA_orte_jobfam_session_dir",
    "OMPI_MCA_orte_top_session_dir",
    "OMPI_MCA_orte_app_num",
    "OMPI_MCA_orte_num_nodes",
    "OMPI_MCA_orte_bound_at_launch",
    "PMIX_",
    "PMI_",
    "PMI2_",
};
constexpr std::array<std::string_view, 12> kNames = {
    "OMPI_UNIVERSE_SIZE",         "OMPI_COMMAND",         "OMPI_ARGV",
    "OMPI_NUM_APP_CTX",           "OMPI_FIRST_RANKS",     "OMPI_APP_CTX_NUM_PROCS",
    "OMPI_FILE_LOCATION",         "OMPI_MCA_ess",         "OMPI_MCA_pmix",
    "OMPI_MCA_mpi_oversubscribe", "OMPI_MCA_orte_launch", "OMPI_MCA_initial_wdir",
};

}  // namespace

bool is_set_by_mpirun(std::string_view name) {
  if (name.starts_with("PMIX_MCA_")) return false;
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

LaunchEnvironment launch_environment(const std::vector<std::string>& inherited,
                                     const std::map<std::string, std::string>& added) {
  LaunchEnvironment environment;
  for (const auto& [name, value] : added) environment.settings.push_back(cat(name, "=", value));
  for (const std::string& setting : inherited) {
    std::string name = setting.substr(0, setting.find('='));
    if (added.contains(name)) continue;
    if (is_set_by_mpirun(name)) {
      environment.left_out.push_back(std::move(name));
    } else {
      environment.settings.push_back(setting);
    }
  }
  std::sort(environment.left_out.begin(), environment.left_out.end());
  return environment;
}

}  // namespace helip::coordinator
