// One job: the ledger, its journal, the pipeline and the workers, behind one lock. The services and
// the supervisor call it. A transition is applied to the ledger, made durable in the journal, and
// only then acknowledged. What it does lies in four files: job_opening.cpp (begins or goes on),
// job_workers.cpp (answers workers: who comes in, who gets which task), job.cpp (completions and
// other transitions), job_status.cpp (what people are told).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/threads/mutex.h"
#include "coordinator/journal.h"
#include "coordinator/pipeline.h"
#include "coordinator/rate_meter.h"
#include "coordinator/task_ledger.h"
#include "coordinator/worker_registry.h"
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
};

class Job final : public rpc::Scheduler {
 public:
  // Opens or makes the work directory and replays its ledger. Throws ConfigError (another initial
  // model, another configuration that determines the trained model, a directory that was moved),
  // StoreError (another coordinator holds it). A damaged database is set aside and rebuilt from the
  // result files. Where `eval`, or what the report shows, was changed, these stages begin again.
  Job(const config::RunConfig& config, const jobs::WorkDir& work_dir, MineRanges cut,
      const Clock& clock, const JobOptions& options);
  ~Job() override;

  rpc::RegisterReply register_worker(const rpc::RegisterRequest& request) override;
  rpc::HeartbeatReply heartbeat(const rpc::HeartbeatRequest& request) override;
  rpc::AcquireReply acquire(const rpc::AcquireRequest& request) override;
  void complete(const rpc::CompleteRequest& request) override;
  void fail(const rpc::FailRequest& request) override;
  void release(const rpc::ReleaseRequest& request) override;

  // Ends leases whose term is over and takes a sample of the rate; called every second or so.
  void tick();
  // A launch has ended: its leases are free at once, and the attempts do not count.
  void launch_ended(const std::string& launch);
  // The job cannot go on (a launch that failed too often); `config` makes it a ConfigError for the
  // exit code.
  void give_up(const std::string& failure, bool config = false);
  // Asks workers to leave; the work directory can be resumed.
  void stop();
  // Writes WORK/status.json.
  void save_status();

  [[nodiscard]] rpc::JobStatus status() const;
  [[nodiscard]] rpc::JobState state() const;
  // The stage in progress; empty when the job is done.
  [[nodiscard]] std::optional<Stage> stage() const;
  [[nodiscard]] bool runs(Stage stage) const { return pipeline_.runs(stage); }
  // True if the failure is a wrong configuration.
  [[nodiscard]] bool failed_by_config() const;
  // Workers that have shown signs of life within a lease's term.
  [[nodiscard]] std::size_t live_workers() const;
  struct Process {
    std::string host;
    std::int64_t pid = 0;
  };
  // Processes that have registered as ranks of this launch since it started, gone or not.
  [[nodiscard]] std::vector<Process> processes_of(const std::string& launch) const;
  // Rows of tasks with an id above `after`, at most `limit`, and how many match in all.
  [[nodiscard]] std::vector<rpc::TaskRow> tasks(std::optional<Stage> stage,
                                                std::optional<TaskState> state, std::uint64_t after,
                                                std::size_t limit, std::uint64_t& matching) const;
  [[nodiscard]] std::uint64_t epoch() const;

 private:
  void open_ledger() HELIP_REQUIRES(mutex_);
  void drop_outdated(std::vector<TaskRecord>& records, const std::string& change)
      HELIP_REQUIRES(mutex_);
  void verify_results() HELIP_REQUIRES(mutex_);
  void expect_same_model() const HELIP_REQUIRES(mutex_);
  void advance() HELIP_REQUIRES(mutex_);
  void add_tasks(const std::vector<NewTask>& tasks) HELIP_REQUIRES(mutex_);
  void write_merge_inputs(Stage stage) HELIP_REQUIRES(mutex_);
  void tell_quarantine(const TaskRecord& task) const HELIP_REQUIRES(mutex_);
  void stage_ended(std::optional<Stage> former) HELIP_REQUIRES(mutex_);
  void check_failed() HELIP_REQUIRES(mutex_);
  void put_back(const std::vector<TaskId>& tasks) HELIP_REQUIRES(mutex_);
  void journaled(const std::function<void()>& action) HELIP_REQUIRES(mutex_);
  Worker& known_worker(WorkerId id, std::uint64_t epoch) HELIP_REQUIRES(mutex_);
  rpc::AcquireReply leave(WorkerId worker, const std::string& reason) HELIP_REQUIRES(mutex_);
  std::optional<rpc::AcquireReply> training_answer(const Worker& worker, Stage current)
      HELIP_REQUIRES(mutex_);
  rpc::AcquireReply grant(Worker& worker, Stage stage) HELIP_REQUIRES(mutex_);
  double wait_seconds() const HELIP_REQUIRES(mutex_);
  rpc::JobState state_now() const HELIP_REQUIRES(mutex_);
  rpc::JobStatus status_now() const HELIP_REQUIRES(mutex_);
  rpc::StageStatus stage_status(Stage stage, std::optional<Stage> current) const
      HELIP_REQUIRES(mutex_);
  double train_steps() const HELIP_REQUIRES(mutex_);
  double live_progress(Stage stage) const HELIP_REQUIRES(mutex_);

  const config::RunConfig config_;
  const jobs::WorkDir work_dir_;
  const std::string config_yaml_, config_digest_;
  const Clock& clock_;
  const JobOptions options_;
  const Pipeline pipeline_;

  mutable Mutex mutex_;
  std::unique_ptr<Journal> journal_ HELIP_GUARDED_BY(mutex_);
  TaskLedger ledger_ HELIP_GUARDED_BY(mutex_);
  WorkerRegistry registry_ HELIP_GUARDED_BY(mutex_);
  // launch → rank
  std::map<std::string, std::map<std::uint32_t, Process>> launches_ HELIP_GUARDED_BY(mutex_);
  std::optional<jobs::CorpusFacts> corpus_ HELIP_GUARDED_BY(mutex_);
  std::uint64_t quarantined_ HELIP_GUARDED_BY(mutex_) = 0;      // by encode's tasks so far
  std::optional<double> mining_rate_ HELIP_GUARDED_BY(mutex_);  // targets a second of one worker
  std::optional<rpc::TrainNumbers> train_ HELIP_GUARDED_BY(mutex_);
  RateMeter rate_ HELIP_GUARDED_BY(mutex_);
  TimePoint started_;
  bool stopping_ HELIP_GUARDED_BY(mutex_) = false;
  // The database is new, so results on disk may be taken over.
  std::string failure_ HELIP_GUARDED_BY(mutex_);
  bool config_failure_ HELIP_GUARDED_BY(mutex_) = false;
};

}  // namespace helip::coordinator
