// One job, shared: the core (job_core.h) behind a lock, its journal, and the files of its work
// directory. The services and the supervisor call it. A transition is applied to the core, made
// durable in the journal, and only then acknowledged. Its start lies in job_opening.h, what it
// tells of itself in job_views.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/threads/mutex.h"
#include "coordinator/job_core.h"
#include "coordinator/ledger/journal.h"
#include "coordinator/pipeline.h"
#include "jobs/data_stamps.h"
#include "jobs/work_dir.h"
#include "rpc/job_status.h"
#include "rpc/scheduler.h"

namespace helip::coordinator {

struct JobOptions {
  Stage until = Stage::kReport;
  // True where no worker of a former coordinator can be alive (`helip run` starts its own): leases
  // are dropped at once instead of getting a fresh term.
  bool drop_leases = false;
  // What mining::job_digest gives now: the digest of the initial model and of what encodes. Empty:
  // not compared.
  std::string model_digest;
  // What the files of eval.datasets look like now. None: not compared.
  std::optional<jobs::DataStamps> data_stamps = {};
};

// Safe from many threads.
class Job final : public rpc::Scheduler {
 public:
  // Opens or makes the work directory and replays its ledger. A damaged database is set aside and
  // rebuilt from the result files. Where `eval`, files of its data sets, or what the report shows,
  // was changed, these stages begin again. Throws ConfigError (another initial model, another
  // configuration that determines the trained model, a directory that was moved), StoreError
  // (another coordinator holds it). `clock` must outlive it.
  Job(const config::RunConfig& config, const jobs::WorkDir& work_dir, MineRanges cut,
      const Clock& clock, const JobOptions& options);
  ~Job() override;

  rpc::RegisterReply register_worker(const rpc::RegisterRequest& request) override;
  rpc::HeartbeatReply heartbeat(const rpc::HeartbeatRequest& request) override;
  rpc::AcquireReply acquire(const rpc::AcquireRequest& request) override;
  void complete(const rpc::CompleteRequest& request) override;
  void fail(const rpc::FailRequest& request) override;
  void release(const rpc::ReleaseRequest& request) override;

  // Ends leases whose term is over and takes a sample of the rate. Called every second or so.
  void tick();
  // Frees the leases of a launch that has ended. Their attempts do not count.
  void launch_ended(const std::string& launch);
  // Fails the job, unless it has failed before. `wrong_config` makes it a ConfigError for the exit
  // code.
  void give_up(const std::string& failure, bool wrong_config = false);
  // Asks workers to leave. The work directory can be resumed.
  void stop();
  // Writes WORK/status.json.
  void save_status();

  [[nodiscard]] rpc::JobStatus status() const;
  [[nodiscard]] rpc::JobState state() const;
  // Returns the stage in progress; nothing when the job is done.
  [[nodiscard]] std::optional<Stage> stage() const;
  // Returns true if the configuration has the stage and `until` allows it.
  [[nodiscard]] bool runs(Stage stage) const { return pipeline_.runs(stage); }
  // Returns true if all ranks of a launch run a task of this stage together.
  [[nodiscard]] bool runs_in_group(Stage stage) const {
    return pipeline_.of(stage).runs_in_group();
  }
  // Returns true if the job has failed by a wrong configuration.
  [[nodiscard]] bool failed_by_config() const;
  // Returns how many workers have shown signs of life within a lease's term.
  [[nodiscard]] std::size_t live_workers() const;
  // Returns the processes that have registered as ranks of this launch, gone or not.
  [[nodiscard]] std::vector<Process> processes_of(const std::string& launch) const;
  // Returns the tasks with an id above `after`, at most `limit`, and how many match in all.
  [[nodiscard]] std::vector<rpc::TaskRow> tasks(std::optional<Stage> stage,
                                                std::optional<TaskState> state, std::uint64_t after,
                                                std::size_t limit, std::uint64_t& matching) const;
  // Returns the coordinator's epoch: how often the job's ledger was opened. (Training's epochs are
  // another thing.)
  [[nodiscard]] std::uint64_t epoch() const;

 private:
  void advance() HELIP_REQUIRES(mutex_);
  void add_tasks(const std::vector<NewTask>& tasks) HELIP_REQUIRES(mutex_);
  void write_merge_inputs(Stage stage) HELIP_REQUIRES(mutex_);
  void end_stage(std::optional<Stage> former) HELIP_REQUIRES(mutex_);
  void check_failed() HELIP_REQUIRES(mutex_);
  void warn_of_failed_attempt(TaskId task) const HELIP_REQUIRES(mutex_);
  void put_back(const std::vector<TaskId>& tasks) HELIP_REQUIRES(mutex_);
  void journaled(const std::function<void()>& action) HELIP_REQUIRES(mutex_);
  void publish_status() const HELIP_REQUIRES(mutex_);
  [[nodiscard]] const jobs::WorkDir& work_dir() const { return pipeline_.plan().work_dir; }

  const Clock& clock_;
  const Pipeline pipeline_;

  mutable Mutex mutex_;
  std::unique_ptr<Journal> journal_ HELIP_GUARDED_BY(mutex_);
  JobCore core_ HELIP_GUARDED_BY(mutex_);
};

}  // namespace helip::coordinator
