#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "common/error.h"
#include "common/log.h"
#include "common/process/child_process.h"
#include "common/text.h"
#include "coordinator/launch/launch_environment.h"
#include "coordinator/launch/launcher.h"

namespace helip::coordinator {
namespace {

// Seconds that ranks have between SIGTERM and SIGKILL where somebody else (Slurm) ends mpirun: a
// checkpoint must fit.
constexpr int kGraceSeconds = 60;

constexpr const char* kSshOptions = "-o BatchMode=yes -o ConnectTimeout=20";

// Whether the person has chosen how other hosts are reached: then nothing is added to it, and
// mpirun takes a parameter once only.
bool names_remote_shell(const std::vector<std::string>& mpirun_args) {
  for (const char* variable : {"OMPI_MCA_plm_rsh_agent", "OMPI_MCA_plm_rsh_args"}) {
    if (std::getenv(variable) != nullptr) return true;
  }
  return std::any_of(mpirun_args.begin(), mpirun_args.end(), [](const std::string& argument) {
    return argument.find("rsh_a") != std::string::npos;
  });
}

class ChildLaunch final : public Launch {
 public:
  ChildLaunch(std::string name, ChildProgram program)
      : name_(std::move(name)), log_file_(program.log_file), process_(std::move(program)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] const std::filesystem::path& log_file() const override { return log_file_; }
  std::optional<int> poll() override { return process_.poll(); }
  void ask_to_leave() override { process_.signal(SIGUSR1); }
  void kill() override { process_.kill(); }

 private:
  std::string name_;
  std::filesystem::path log_file_;
  ChildProcess process_;
};

}  // namespace

Command mpirun_command(const config::LauncherConfig& config, const LaunchSpec& spec,
                       bool in_slurm) {
  Command command;
  auto& arguments = command.arguments;
  arguments = {"mpirun", "-n", cat(config.workers), "--bind-to", "none", "--oversubscribe"};
  if (!spec.in_group) arguments.emplace_back("--enable-recovery");
  if (!config.hosts.empty()) {
    arguments.insert(arguments.end(), {"--host", config.hosts});
  } else if (!in_slurm) {
    arguments.insert(arguments.end(), {"--host", cat("localhost:", config.workers)});
  }
  arguments.insert(arguments.end(), {"--mca", "odls_base_sigkill_timeout", cat(kGraceSeconds)});
  arguments.insert(arguments.end(), {"--mca", "mpi_yield_when_idle", "1"});
  if (!config.hosts.empty() && !in_slurm && !names_remote_shell(config.mpirun_args)) {
    // ssh asks nobody for a password and does not wait for minutes: it says what is wrong.
    arguments.insert(arguments.end(), {"--mca", "plm_rsh_args", kSshOptions});
  }
  arguments.insert(arguments.end(), config.mpirun_args.begin(), config.mpirun_args.end());
  arguments.insert(arguments.end(), {"-x", "HELIP_LAUNCH", spec.worker_program.string()});
  arguments.insert(arguments.end(), {"--coordinator", spec.coordinator});
  arguments.insert(arguments.end(), {"--work-dir", spec.work_dir.string()});
  arguments.insert(arguments.end(), {"--stages", jobs::to_list(spec.stages)});
  command.environment = {{"OMPI_ALLOW_RUN_AS_ROOT", "1"},
                         {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"},
                         {"HELIP_LAUNCH", spec.name}};
  return command;
}

std::filesystem::path find_program(const std::string& name) {
  const char* variable = std::getenv("PATH");
  const std::string_view folders = variable == nullptr ? "" : variable;
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const auto program = std::filesystem::path(folders.substr(begin, end - begin)) / name;
    if (::access(program.c_str(), X_OK) == 0) return program;
    begin = end + 1;
  }
  throw ConfigError({.what = "the program that starts workers is missing",
                     .where = "PATH",
                     .expected = name,
                     .found = "none there"});
}

void MpirunLauncher::tell_left_out(const std::vector<std::string>& names) {
  if (names.empty() || told_) return;
  told_ = true;
  std::string list = names.front();
  if (names.size() > 1) list += cat(" and ", names.size() - 1, " more");
  log::warning(cat("mpirun is started without what another launch has left in this environment: ",
                   printable(list)));
}

std::unique_ptr<Launch> MpirunLauncher::start(const LaunchSpec& spec) {
  const bool in_slurm = std::getenv(kSlurmJob) != nullptr;
  Command command = mpirun_command(config_, spec, in_slurm);
  LaunchEnvironment prepared = launch_environment(current_environment(), command.environment);
  tell_left_out(prepared.left_out);
  return std::make_unique<ChildLaunch>(spec.name,
                                       ChildProgram{.arguments = std::move(command.arguments),
                                                    .environment = std::move(prepared.settings),
                                                    .log_file = spec.log_file});
}

}  // namespace helip::coordinator
