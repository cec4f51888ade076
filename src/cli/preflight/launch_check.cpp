#include "cli/preflight/launch_check.h"

#include <netdb.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <set>
#include <system_error>

#include "cli/preflight/scratch_folder.h"
#include "cli/preflight/worker_program.h"
#include "common/log.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "coordinator/launch/launch_environment.h"
#include "coordinator/launch/launcher.h"
#include "engine/engine.h"
#include "rpc/version.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

// Seconds that a program has to say its version or state; from a cold network disk it may need
// many.
constexpr double kPatience = 30;
// Bytes that mpirun's files need at least.
constexpr double kLeastRoom = 4 << 20;

// The names of the processes above this one, nearest first.
std::vector<std::string> names_above() {
  std::vector<std::string> names;
  pid_t process = ::getppid();
  while (process > 1 && names.size() < 100) {
    std::ifstream file(cat("/proc/", process, "/stat"));
    std::string stat;
    if (!std::getline(file, stat)) break;
    // PID (NAME) STATE PPID …; the name may hold anything.
    const std::size_t open = stat.find('('), close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open) break;
    names.push_back(stat.substr(open + 1, close - open - 1));
    process = static_cast<pid_t>(
        std::strtol(stat.c_str() + std::min(close + 4, stat.size()), nullptr, 10));
  }
  return names;
}

std::string short_name(const std::string& host) { return host.substr(0, host.find('.')); }

std::uint64_t number(const std::string& text) {
  return text.empty() ? 0 : std::strtoull(text.c_str(), nullptr, 10);
}

std::string no_answer(const Probe& probe) { return cat("no answer in ", probe.seconds, " s"); }

bool in_path(const char* program) {
  try {
    static_cast<void>(coordinator::find_program(program));
    return true;
  } catch (const ConfigError&) {
    return false;
  }
}

bool is_this_machine(const std::string& host, const Machine& machine) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" ||
         short_name(host) == short_name(machine.host);
}

// "a:2,b" → a, b, without this machine.
std::set<std::string> other_hosts(const std::string& hosts, const Machine& machine) {
  std::set<std::string> names;
  for (std::size_t begin = 0; begin <= hosts.size();) {
    const std::size_t end = std::min(hosts.find(',', begin), hosts.size());
    const std::string host = hosts.substr(begin, end - begin);
    const std::string name = host.substr(0, host.find(':'));
    if (!name.empty() && !is_this_machine(name, machine)) names.insert(name);
    begin = end + 1;
  }
  return names;
}

bool names_remote_shell(const config::LauncherConfig& launcher, const Machine& machine) {
  if (!machine.variable("OMPI_MCA_plm_rsh_agent").empty()) return true;
  return std::any_of(
      launcher.mpirun_args.begin(), launcher.mpirun_args.end(),
      [](const std::string& argument) { return argument.find("rsh_agent") != std::string::npos; });
}

std::optional<Problem> unreachable_host(const config::LauncherConfig& launcher,
                                        const Machine& machine) {
  const std::set<std::string> others = other_hosts(launcher.hosts, machine);
  for (const std::string& host : others) {
    addrinfo* found = nullptr;
    const int problem = ::getaddrinfo(host.c_str(), nullptr, nullptr, &found);
    if (found != nullptr) ::freeaddrinfo(found);
    if (problem == 0) continue;
    return Problem{.what = "a host has no address",
                   .where = "launcher.hosts",
                   .expected = "names that this machine can resolve",
                   .found = cat(host, ": ", ::gai_strerror(problem))};
  }
  if (others.empty() || names_remote_shell(launcher, machine) || in_path("ssh") || in_path("rsh")) {
    return std::nullopt;
  }
  return Problem{.what = "mpirun reaches other hosts by ssh, which is missing",
                 .where = "PATH",
                 .expected = cat("ssh, for ", *others.begin()),
                 .found = "none there"};
}

std::optional<Problem> missing_gpu(const config::LauncherConfig& launcher) {
  if (launcher.device != config::DeviceChoice::kCuda || !launcher.hosts.empty())
    return std::nullopt;
  if (engine::engine().info().cuda_devices > 0) return std::nullopt;
  return Problem{.what = "this machine has no GPU for the workers",
                 .where = "launcher.device",
                 .expected = "a CUDA device",
                 .found = engine::engine().info().cuda_built ? "none" : "a build for CPUs"};
}

void warn_of(const config::RunConfig& config, const Machine& machine) {
  const config::LauncherConfig& launcher = config.launcher;
  const bool in_slurm = !machine.variable(coordinator::kSlurmJob).empty();
  const std::uint64_t nodes = number(machine.variable("SLURM_NNODES"));
  const bool spans_hosts = in_slurm ? nodes > 1 : !other_hosts(launcher.hosts, machine).empty();
  const std::string& listen = config.coordinator.listen;
  if (spans_hosts && (listen.starts_with("127.") || listen.starts_with("localhost:"))) {
    log::warning(
        cat("coordinator.listen is ", listen, ", which workers on other hosts do not reach"));
  }
  const auto cores = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  const std::uint64_t threads = std::uint64_t{launcher.workers} * launcher.threads_per_worker;
  if (!in_slurm && launcher.hosts.empty() && threads > cores) {
    log::warning(cat("launcher.workers x launcher.threads_per_worker is ", threads,
                     ", more than the ", cores, " cores here: workers share them"));
  }
}

}  // namespace

Machine this_machine() {
  std::array<char, 256> name{};
  Machine machine;
  if (::gethostname(name.data(), name.size() - 1) == 0) machine.host = name.data();
  machine.variable = [](const char* variable) {
    const char* value = std::getenv(variable);
    return std::string(value == nullptr ? "" : value);
  };
  machine.run = [](const std::vector<std::string>& command) { return probe(command, kPatience); };
  machine.ancestors = names_above();
  return machine;
}

std::optional<Problem> nested_start(const Machine& machine) {
  constexpr std::array<std::string_view, 9> kLaunchers = {
      "mpirun", "mpiexec", "orterun",       "orted",          "prterun",
      "prted",  "prte",    "mpiexec.hydra", "hydra_pmi_proxy"};
  for (const char* rank : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (machine.variable(rank).empty()) continue;
    const auto launcher = std::find_first_of(machine.ancestors.begin(), machine.ancestors.end(),
                                             kLaunchers.begin(), kLaunchers.end());
    if (launcher == machine.ancestors.end()) break;
    return Problem{.what = "the job was started by an MPI launcher, and starts its own",
                   .where = rank,
                   .expected = "a start without mpirun; launcher.workers is the number of ranks",
                   .found = cat("rank ", machine.variable(rank), " of ", *launcher)};
  }
  const std::uint64_t tasks = number(machine.variable("SLURM_STEP_NUM_TASKS"));
  if (tasks > 1 && !machine.variable("SLURM_PROCID").empty()) {
    return Problem{.what = "the job was started several times at once by srun",
                   .where = "SLURM_STEP_NUM_TASKS",
                   .expected = "one start (sbatch, or srun --ntasks=1); mpirun starts the workers",
                   .found = cat(tasks)};
  }
  return std::nullopt;
}

std::vector<std::string> left_variables() {
  std::vector<std::string> inherited;
  for (char** entry = environ; *entry != nullptr; ++entry) inherited.emplace_back(*entry);
  return coordinator::launch_environment(inherited, {}).left_out;
}

SlurmPrograms slurm_programs(const Machine& machine) {
  SlurmPrograms slurm;
  const Probe version = machine.run({"sinfo", "--version"});
  if (version.exit_status == 127) {
    slurm.detail = "not found";
    return slurm;
  }
  slurm.found = true;
  if (version.timed_out) {
    slurm.detail = cat("found, ", no_answer(version));
    return slurm;
  }
  const Probe nodes = machine.run({"sinfo", "--noheader", "--format=%D"});
  slurm.configured = nodes.exit_status == 0;
  const std::string name =
      version.exit_status == 0 ? first_line(version.output) : std::string("found");
  slurm.detail = slurm.configured  ? name
                 : nodes.timed_out ? cat(name, ", ", no_answer(nodes))
                                   : cat(name, ", not configured here: ", last_line(nodes.output));
  return slurm;
}

std::optional<Problem> stale_slurm_job(const Machine& machine) {
  const std::string job = machine.variable(coordinator::kSlurmJob);
  if (job.empty()) return std::nullopt;
  constexpr const char* kExpected =
      "a running job, or a shell without SLURM_ variables (bash: unset ${!SLURM_@})";
  for (const char* needed : {"SLURM_NODELIST", "SLURM_TASKS_PER_NODE"}) {
    if (!machine.variable(needed).empty()) continue;
    return Problem{.what = "this shell has a part only of a Slurm job's variables",
                   .where = cat(coordinator::kSlurmJob, " ", shortened(job, 40)),
                   .expected = cat(needed,
                                   " too, or a shell without SLURM_ variables (bash: unset "
                                   "${!SLURM_@})"),
                   .found = cat("no ", needed)};
  }
  const std::string nodes = machine.variable("SLURM_NODELIST");
  const std::string where = cat(coordinator::kSlurmJob, " ", shortened(job, 40),
                                ", SLURM_NODELIST ", shortened(nodes, 60));
  const Probe state = machine.run({"squeue", "--noheader", "--jobs", job, "--format=%T"});
  const std::string said = last_line(state.output);
  if (state.timed_out) {
    log::warning(cat("squeue does not tell whether Slurm job ", job, " runs: ", no_answer(state)));
    return std::nullopt;
  }
  if (state.exit_status == 0) {
    constexpr std::array<std::string_view, 4> kAlive = {"RUNNING", "SUSPENDED", "RESIZING",
                                                        "CONFIGURING"};
    if (std::find(kAlive.begin(), kAlive.end(), said) != kAlive.end()) return std::nullopt;
    return Problem{.what = "this shell is of a Slurm job that does not run",
                   .where = where,
                   .expected = kExpected,
                   .found = said.empty() ? "no such job in squeue" : said};
  }
  if (said.find("Invalid job id") != std::string::npos) {
    return Problem{.what = "this shell is of a Slurm job that is over",
                   .where = where,
                   .expected = kExpected,
                   .found = said};
  }
  const bool absent = state.exit_status == 127;
  const bool configured =
      said.find("configuration") == std::string::npos && said.find(".conf") == std::string::npos;
  if (!absent && configured) {
    // A busy controller must not end a job that it has just started.
    log::warning(cat("squeue does not tell whether Slurm job ", job,
                     " runs: ", said.empty() ? cat("exit ", state.exit_status) : said));
    return std::nullopt;
  }
  // Without Slurm mpirun can still start ranks on this machine, as in a container.
  if (short_name(nodes) == short_name(machine.host)) return std::nullopt;
  return Problem{.what = "this shell is of a Slurm job whose hosts cannot be reached from here",
                 .where = where,
                 .expected = kExpected,
                 .found = absent ? "no squeue in PATH" : said};
}

std::optional<Problem> unfit_mpirun(const Machine& machine, std::string& version) {
  std::string path;
  try {
    path = coordinator::find_program("mpirun").string();
  } catch (const ConfigError&) {
    return Problem{.what = "the program that starts workers is missing",
                   .where = "PATH",
                   .expected = "mpirun",
                   .found = "none there"};
  }
  const Probe answer = machine.run({path, "--version"});
  version = first_line(answer.output);
  if (answer.timed_out) {
    version = cat(path, ": ", no_answer(answer));
    log::warning(cat("mpirun does not tell its version: ", version));
    return std::nullopt;
  }
  if (answer.exit_status != 0) {
    return Problem{.what = "mpirun cannot start",
                   .where = path,
                   .found = version.empty() ? cat("exit ", answer.exit_status) : version};
  }
  if (version.find("Open MPI") != std::string::npos ||
      version.find("OpenRTE") != std::string::npos) {
    return std::nullopt;
  }
  return Problem{.what = "mpirun is of another MPI",
                 .where = path,
                 .expected = "Open MPI's, before others in PATH",
                 .found = version.empty() ? "nothing" : version};
}

std::optional<Problem> unfit_worker(const Machine& machine) {
  std::string path;
  try {
    path = worker_program().string();
  } catch (const Error& error) {
    return Problem{.what = error.what()};
  }
  const Probe answer = machine.run({path, "--version"});
  if (answer.timed_out) {
    log::warning(
        cat("the worker program does not tell its version: ", path, ": ", no_answer(answer)));
    return std::nullopt;
  }
  if (answer.exit_status != 0) {
    const std::string said = first_line(answer.output);
    return Problem{.what = "the worker program cannot start",
                   .where = path,
                   .found = said.empty() ? cat("exit ", answer.exit_status) : said};
  }
  if (answer.output.find(rpc::build_name()) == std::string::npos) {
    return Problem{.what = "the worker program is of another build",
                   .where = path,
                   .expected = rpc::build_name(),
                   .found = first_line(answer.output)};
  }
  const fs::path engine = fs::path(path).parent_path().parent_path() / "lib" / "libhelip_engine.so";
  std::error_code ignored;
  if (!fs::exists(engine, ignored))
    return std::nullopt;  // loading it tells where it was looked for
  const std::string libraries = machine.run({"ldd", engine.string()}).output;
  const std::size_t missing = libraries.find("=> not found");
  if (missing == std::string::npos) return std::nullopt;
  const std::size_t line = libraries.rfind('\n', missing);
  return Problem{.what = "a library of the engine is missing",
                 .where = engine.string(),
                 .found = first_line(libraries.substr(line == std::string::npos ? 0 : line + 1))};
}

std::optional<Problem> unfit_temporary_folder(const Machine& machine, std::string& detail) {
  std::string folder, name;
  for (const char* variable : {"OMPI_MCA_orte_tmpdir_base", "TMPDIR", "TEMP", "TMP"}) {
    folder = machine.variable(variable);
    name = variable;
    if (!folder.empty()) break;
  }
  if (folder.empty()) folder = name = "/tmp";
  const auto fault = [&](const std::string& found) {
    return Problem{.what = "mpirun's temporary folder cannot be used",
                   .where = name,
                   .expected = cat("a folder that takes files, with ", human_bytes(kLeastRoom)),
                   .found = cat(folder, ": ", found)};
  };
  const fs::path there = nearest_existing(folder);  // mpirun makes the folder
  const std::string problem = writing_problem(there.string());
  if (!problem.empty()) return fault(problem);
  struct statvfs disk {};
  if (::statvfs(there.c_str(), &disk) != 0) return std::nullopt;
  const double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
  detail = cat(folder, ", ", human_bytes(free), " free");
  if (free >= kLeastRoom) return std::nullopt;
  return fault(cat(human_bytes(free), " free"));
}

void check_launch(const config::RunConfig& config, const Machine& machine) {
  std::string version, folder;
  const auto refuse = [](const std::optional<Problem>& problem) {
    if (problem) throw ConfigError(*problem);
  };
  refuse(nested_start(machine));
  refuse(stale_slurm_job(machine));
  refuse(unfit_mpirun(machine, version));
  refuse(unfit_worker(machine));
  refuse(unfit_temporary_folder(machine, folder));
  refuse(unreachable_host(config.launcher, machine));
  refuse(missing_gpu(config.launcher));
  if (version.find("Open MPI") != std::string::npos && version.find(") 4.") == std::string::npos) {
    log::warning(cat(version, " starts the workers; this program was tried with Open MPI 4.1"));
  }
  warn_of(config, machine);
}

}  // namespace helip::cli
