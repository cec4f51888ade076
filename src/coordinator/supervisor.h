// The loop of `helip run`: start the launch of the stages at hand, watch the ledger, start again
// what ended too early, go on. The launcher and the waiting are passed in, so tests drive it step
// by step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "coordinator/job.h"
#include "coordinator/launch/launcher.h"

namespace helip::coordinator {

// Returns the stages that share a launch with this one: {index, encode, mine}, {train} or
// {eval, report}.
std::vector<Stage> launch_group(Stage stage);

// What the supervisor asks the operating system.
struct Surroundings {
  std::string host;                                     // of this machine, as its workers name it
  std::function<bool(std::int64_t pid)> process_alive;  // on this machine; a zombie is not
  std::function<double()> seconds;                      // monotonic
};
// Returns the machine that this process runs on.
Surroundings this_machine();

class Supervisor {
 public:
  // Supervises `job`, which must outlive it, as must `launcher`; null where workers are started by
  // hand.
  Supervisor(Job& job, Launcher* launcher, const config::LauncherConfig& config,
             std::string coordinator_address, const jobs::WorkDir& work_dir,
             std::filesystem::path worker_program, Surroundings surroundings = this_machine());

  // Looks once: starts, restarts or collects launches. Returns true once the job is done, has
  // failed or has been stopped and no launch is left.
  bool step();
  // Ends the launch at once (a second interrupt, or ranks that do not leave in time).
  void kill_launches();
  [[nodiscard]] bool launch_running() const { return launch_ != nullptr; }

 private:
  void start(Stage stage);
  void collect(int exit_status);
  [[nodiscard]] bool ranks_alive() const;
  [[nodiscard]] bool launch_is_over() const;
  void tell_of_silence();

  Job& job_;
  Launcher* launcher_;
  config::LauncherConfig config_;
  std::string coordinator_;
  jobs::WorkDir work_dir_;
  std::filesystem::path worker_program_;
  Surroundings surroundings_;
  std::string run_id_;
  std::unique_ptr<Launch> launch_;
  std::vector<Stage> group_;
  std::uint32_t launches_ = 0;
  std::uint32_t failures_ = 0;  // of the group at hand
  bool asked_to_leave_ = false;
  double started_ = 0;
  bool told_of_silence_ = false;
  double over_since_ = -1;  // when the launch was first seen to be over; negative: it is not
};

}  // namespace helip::coordinator
