#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "common/error.h"
#include "common/log.h"
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
  ChildLaunch(std::string name, pid_t process, std::filesystem::path log_file)
      : name_(std::move(name)), process_(process), log_file_(std::move(log_file)) {}

  ~ChildLaunch() override {
    if (ended_) return;
    kill();
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] const std::filesystem::path& log_file() const override { return log_file_; }

  std::optional<int> poll() override {
    if (ended_) return ended_;
    int status = 0;
    const pid_t done = waitpid(process_, &status, WNOHANG);
    if (done == process_) ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ended_;
  }

  void ask_to_leave() override {
    if (!ended_) ::kill(process_, SIGUSR1);
  }

  void kill() override {
    if (!ended_) ::kill(-process_, SIGKILL);
  }

 private:
  std::string name_;
  pid_t process_;
  std::filesystem::path log_file_;
  std::optional<int> ended_;
};

}  // namespace

Command mpirun_command(const config::LauncherConfig& config, const LaunchSpec& spec,
                       bool in_slurm) {
  Command command;
  auto& arguments = command.arguments;
  arguments = {"mpirun", "-n", cat(config.workers), "--bind-to", "none", "--oversubscribe"};
  const bool trains =
      std::find(spec.stages.begin(), spec.stages.end(), jobs::Stage::kTrain) != spec.stages.end();
  if (!trains) arguments.emplace_back("--enable-recovery");
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
  const Command command = mpirun_command(config_, spec, in_slurm);
  std::filesystem::create_directories(spec.log_file.parent_path());
  const int log = ::open(spec.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) {
    throw StoreError({.what = "cannot write the workers' log",
                      .where = spec.log_file.string(),
                      .found = std::generic_category().message(errno)});
  }

  // All memory is prepared before fork(): between fork() and exec() only async-signal-safe calls
  // are allowed.
  std::vector<char*> arguments;
  for (const std::string& argument : command.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  std::vector<std::string> inherited;
  for (char** entry = environ; *entry != nullptr; ++entry) inherited.emplace_back(*entry);
  LaunchEnvironment prepared = launch_environment(inherited, command.environment);
  tell_left_out(prepared.left_out);
  std::vector<std::string>& settings = prepared.settings;
  std::vector<char*> environment;
  environment.reserve(settings.size() + 1);
  for (std::string& setting : settings) environment.push_back(setting.data());
  environment.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    const int reason = errno;
    ::close(log);
    throw Error(
        {.what = "cannot start a process", .found = std::generic_category().message(reason)});
  }
  if (child == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null = ::open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execvpe(arguments[0], arguments.data(), environment.data());
    const char* reason = strerror(errno);
    const auto ignored = ::write(STDERR_FILENO, reason, strlen(reason));
    static_cast<void>(ignored);
    _exit(127);
  }
  ::close(log);
  setpgid(child, child);
  return std::make_unique<ChildLaunch>(spec.name, child, spec.log_file);
}

}  // namespace helip::coordinator
