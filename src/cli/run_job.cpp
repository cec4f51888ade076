#include "cli/run_job.h"

#include <chrono>
#include <iostream>
#include <optional>
#include <thread>

#include "cli/job_progress.h"
#include "cli/preflight/data_stamps.h"
#include "cli/preflight/worker_program.h"
#include "cli/print.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "coordinator/job.h"
#include "coordinator/launch/launcher.h"
#include "coordinator/server.h"
#include "coordinator/supervisor.h"
#include "mining/encode/job_digest.h"
#include "mining/mining_job.h"
#include "worker/stop_signals.h"

namespace helip::cli {
namespace {

// Seconds that workers have to leave by themselves once the job is done, and to checkpoint once it
// is stopped.
constexpr double kLeaveSeconds = 30;
constexpr double kStopSeconds = 90;

// Until the job has ended and its launch is gone, or, without a launcher, its workers have left.
void supervise(coordinator::Job& job, coordinator::Supervisor& supervisor, bool launched,
               bool show_progress) {
  std::optional<JobProgress> progress;
  if (show_progress) progress.emplace();
  std::optional<double> ended;
  int signals_seen = 0;
  while (true) {
    const bool finished = supervisor.step();
    if (progress) progress->show(job.status());
    const rpc::JobState state = job.state();
    if (state != rpc::JobState::kRunning && !ended) ended = monotonic_seconds();
    const double waited = ended ? monotonic_seconds() - *ended : 0;
    const double patience = state == rpc::JobState::kDone ? kLeaveSeconds : kStopSeconds;
    if (finished && (launched || job.live_workers() == 0 || waited > kLeaveSeconds)) return;
    if (waited > patience) supervisor.kill_launches();

    const int signals = worker::stop_signals();
    if (signals > signals_seen) {
      signals_seen = signals;
      if (signals > 1) supervisor.kill_launches();
      job.stop();
      log::warning("stopping; the same command resumes the job");
    }
    if (signals == 0) {
      worker::wait_unless_stopped(0.1);
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

}  // namespace

int run_job(const config::RunConfig& config, const RunOptions& options) {
  const jobs::WorkDir work_dir(config.output.work_dir);
  const SystemClock clock;
  coordinator::JobOptions job_options;
  job_options.until = options.until;
  job_options.model_digest = mining::job_digest(config.model, config.encoder);
  if (options.until >= jobs::Stage::kEval) job_options.data_stamps = data_stamps(config);
  // Local workers of a former run died with it; those on other hosts may take a moment.
  job_options.drop_leases = options.launch && config.launcher.hosts.empty();
  coordinator::Job job(config, work_dir, mining::mining_tasks, clock, job_options);
  if (job.state() == rpc::JobState::kDone) {
    print_lines(cat("nothing to do: ", printable(work_dir.root().string()), " is complete up to ",
                    name_of(options.until), "\n"));
    job.save_status();
    return kExitDone;
  }
  std::filesystem::create_directories(work_dir.logs());
  log::start("helip", log::Level::kInfo, work_dir.logs() / "coordinator.log");
  worker::catch_stop_signals();

  {
    coordinator::ServerOptions server_options;
    server_options.listen = config.coordinator.listen;
    server_options.insecure_network = config.coordinator.insecure_network;
    const coordinator::Server server(job, work_dir, server_options);
    log::info(cat("coordinator at ", server.address(), ", ", work_dir.root().string()));
    coordinator::MpirunLauncher launcher(config.launcher);
    coordinator::Supervisor supervisor(job, options.launch ? &launcher : nullptr, config.launcher,
                                       server.address(), work_dir,
                                       options.launch ? worker_program() : std::filesystem::path());
    supervise(job, supervisor, options.launch, options.show_progress);
    job.save_status();
  }

  const rpc::JobStatus status = job.status();
  switch (status.state) {
    case rpc::JobState::kDone:
      print_lines(cat("done: ", printable(work_dir.root().string()), "\n"));
      return kExitDone;
    case rpc::JobState::kFailed:
      std::cerr << "error: " << shortened(status.failure, kMostLineBytes) << "\n";
      return job.failed_by_config() ? kExitUsage : kExitFailed;
    default:
      return kExitPreempted;
  }
}

}  // namespace helip::cli
