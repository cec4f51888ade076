// Starting workers. A launch is one mpirun (or srun) with its ranks; its exit code says nothing
// about tasks: the ledger does.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "jobs/stage.h"

namespace helip::coordinator {

struct LaunchSpec {
  std::string name;  // equal for all ranks; unique in the job
  std::vector<jobs::Stage> stages;
  std::string coordinator;  // address
  std::filesystem::path work_dir;
  std::filesystem::path worker_program;
  std::filesystem::path log_file;  // gets what the ranks write
};

// A command and the environment it adds.
struct Command {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
};

// Returns mpirun's command line. Stages without training go on when a rank dies
// (--enable-recovery), training does not: a collective with a dead peer would block. `in_slurm`:
// inside an allocation, whose hosts mpirun finds by itself.
Command mpirun_command(const config::LauncherConfig& config, const LaunchSpec& spec, bool in_slurm);

// A running launch.
class Launch {
 public:
  virtual ~Launch() = default;
  [[nodiscard]] virtual const std::string& name() const = 0;
  // Returns the exit status once it has ended (128 + signal if a signal ended it); nothing before.
  virtual std::optional<int> poll() = 0;
  // Asks the ranks to leave: SIGUSR1, which mpirun passes on. (SIGTERM would make it sleep for its
  // whole kill timeout.)
  virtual void ask_to_leave() = 0;
  // Sends SIGKILL. Ranks on this machine notice within a second (worker/parent_watch.h).
  virtual void kill() = 0;
  [[nodiscard]] virtual const std::filesystem::path& log_file() const = 0;
};

class Launcher {
 public:
  virtual ~Launcher() = default;
  // Starts a launch. Throws Error if the program cannot be started.
  virtual std::unique_ptr<Launch> start(const LaunchSpec& spec) = 0;
};

// Returns the program of that name in PATH. Throws ConfigError if there is none.
std::filesystem::path find_program(const std::string& name);

// Starts launches as children in a process group of their own. If this process dies, the kernel
// ends mpirun, and with it its ranks.
class MpirunLauncher final : public Launcher {
 public:
  explicit MpirunLauncher(config::LauncherConfig config) : config_(std::move(config)) {}
  // Starts mpirun. The calling thread must live as long as the launch: the kernel ends mpirun with
  // it.
  std::unique_ptr<Launch> start(const LaunchSpec& spec) override;

 private:
  void tell_left_out(const std::vector<std::string>& names);

  config::LauncherConfig config_;
  bool told_ = false;
};

}  // namespace helip::coordinator
