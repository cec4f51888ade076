// One job: the ledger, its journal, the pipeline and the workers, behind one lock. The services and
// the supervisor call it. A transition is applied to the ledger, made durable in the journal, and
// only then acknowledged. What it does lies in four files: job_opening.cpp (begins or goes on),
// job_workers.cpp (answers workers: who comes in, who gets which task), job.cpp (completions and
// other transitions), job_status.cpp (what people are told).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
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
  // Digest of the initial model as it is now (model::model_digest); empty: not compared.
  std::string model_digest;
};

class Job final : public rpc::Scheduler {
 public:
  // Opens or makes the work directory and replays its ledger. Throws ConfigError (another
  // initial model, another configuration that determines the trained model, a directory that was
  // moved), StoreError (another coordinator
  // holds it). A damaged database is set aside and rebuilt from the result files. Where `eval`, or
  // what the report shows, was changed, these stages begin again.
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
  [[nodiscard]] std::uint64_t epoch() const { return journal_->epoch(); }

 private:
  void open_ledger();
  void drop_outdated(std::vector<TaskRecord>& records, const std::string& change);
  void verify_results();
  void expect_same_model() const;
  void advance();
  void add_tasks(const std::vector<NewTask>& tasks);
  void write_merge_inputs(Stage stage);
  void tell_quarantine(const TaskRecord& task) const;
  void stage_ended(std::optional<Stage> former);
  void check_failed();
  void put_back(const std::vector<TaskId>& tasks);
  void journaled(const std::function<void()>& action);
  Worker& known_worker(WorkerId id, std::uint64_t epoch);
  rpc::AcquireReply leave(WorkerId worker, const std::string& reason);
  std::optional<rpc::AcquireReply> training_answer(const Worker& worker, Stage current);
  rpc::AcquireReply grant(Worker& worker, Stage stage);
  double wait_seconds() const;
  rpc::JobState state_now() const;
  rpc::JobStatus status_now() const;
  rpc::StageStatus stage_status(Stage stage, std::optional<Stage> current) const;
  double train_steps() const;
  double live_progress(Stage stage) const;

  const config::RunConfig config_;
  const jobs::WorkDir work_dir_;
  const std::string config_yaml_, config_digest_;
  const Clock& clock_;
  const JobOptions options_;
  const Pipeline pipeline_;

  mutable std::mutex mutex_;
  std::unique_ptr<Journal> journal_;
  TaskLedger ledger_;
  WorkerRegistry registry_;
  std::map<std::string, std::map<std::uint32_t, Process>> launches_;  // launch → rank
  std::optional<jobs::CorpusFacts> corpus_;
  std::uint64_t quarantined_ = 0;      // by encode's tasks so far
  std::optional<double> mining_rate_;  // targets a second of one worker
  std::optional<rpc::TrainNumbers> train_;
  RateMeter rate_;
  TimePoint started_;
  bool stopping_ = false;
  bool rebuilding_ = false;  // the database is new, so results on disk may be taken over
  std::string failure_;
  bool config_failure_ = false;
};

}  // namespace helip::coordinator
