// What Job answers workers: who may come in, who gets which task, who trains, who leaves.
#include <algorithm>

#include "common/log.h"
#include "common/text.h"
#include "coordinator/job.h"

namespace helip::coordinator {
namespace {

constexpr std::size_t kLongestName = 256;

void expect_same(const char* field, const std::string& expected, const std::string& found) {
  if (expected == found) return;
  throw rpc::RpcError(rpc::RpcCode::kFailedPrecondition,
                      {.what = "this worker does not fit the job",
                       .where = field,
                       .expected = expected,
                       .found = found});
}

void check_form(const rpc::RegisterRequest& request) {
  const auto refuse = [](const char* what, const std::string& found) {
    throw rpc::RpcError(rpc::RpcCode::kInvalidArgument,
                        {.what = what, .where = "Register", .found = found});
  };
  if (request.world_size < 1 || request.rank >= request.world_size) {
    refuse("rank and world_size do not fit", cat(request.rank, " of ", request.world_size));
  }
  if (request.stages.empty()) refuse("no stages", "");
  if (request.launch.empty()) refuse("launch is empty", "");
  for (const std::string* text :
       {&request.launch, &request.host, &request.build, &request.config_digest,
        &request.corpus_fingerprint, &request.model_digest}) {
    if (text->size() > kLongestName) refuse("a text is too long", cat(text->size(), " bytes"));
  }
}

}  // namespace

rpc::RegisterReply Job::register_worker(const rpc::RegisterRequest& request) {
  check_form(request);
  const MutexLock lock(mutex_);
  expect_same("protocol_version", cat(rpc::kProtocolVersion), cat(request.protocol_version));
  expect_same("build", rpc::build_name(), request.build);
  if (!request.config_digest.empty()) {
    expect_same("config_digest", config_digest_, request.config_digest);
  }
  if (corpus_ && !request.corpus_fingerprint.empty()) {
    expect_same("corpus_fingerprint", corpus_->fingerprint, request.corpus_fingerprint);
  }
  if (corpus_ && !request.model_digest.empty()) {
    expect_same("model_digest", corpus_->model_digest, request.model_digest);
  }
  launches_[request.launch][request.rank] = {request.host, request.pid};
  rpc::RegisterReply reply;
  reply.worker = registry_.add(request, clock_.now());
  reply.epoch = journal_->epoch();
  reply.work_dir = work_dir_.root().string();
  reply.config_yaml = config_yaml_;
  reply.config_digest = config_digest_;
  reply.heartbeat_seconds = config_.coordinator.heartbeat_seconds;
  reply.lease_seconds = config_.coordinator.lease_seconds;
  log::info(cat("worker ", rpc::number(reply.worker), ": rank ", request.rank, " of ",
                request.world_size, ", ", printable(request.host), ", pid ", request.pid));
  return reply;
}

Worker& Job::known_worker(WorkerId id, std::uint64_t epoch) {
  Worker* worker = epoch == journal_->epoch() ? registry_.find(id) : nullptr;
  if (worker == nullptr) {
    throw rpc::RpcError(rpc::RpcCode::kNotFound,
                        {.what = "unknown worker: register again",
                         .found = cat("worker ", rpc::number(id), " of epoch ", epoch)});
  }
  worker->last_seen = clock_.now();
  return *worker;
}

rpc::HeartbeatReply Job::heartbeat(const rpc::HeartbeatRequest& request) {
  const MutexLock lock(mutex_);
  Worker& worker = known_worker(request.worker, request.epoch);
  worker.device = request.device.substr(0, kLongestName);
  worker.activity = request.activity.substr(0, kLongestName);
  worker.progress.reset();
  rpc::HeartbeatReply reply;
  for (const rpc::LeaseProgress& lease : request.leases) {
    const LeaseOutcome outcome =
        ledger_.renew(lease.task, lease.fence, worker.id, lease.done, clock_.now());
    if (outcome != LeaseOutcome::kOk) {
      reply.lost.push_back(lease.task);
      continue;
    }
    worker.progress = lease;
    if (lease.train) train_ = lease.train;
  }
  const rpc::JobState state = state_now();
  reply.stop = state == rpc::JobState::kFailed || state == rpc::JobState::kStopped;
  // Fresh progress on small jobs, few calls on large ones.
  const double fair = static_cast<double>(registry_.workers().size()) / 200.0;
  reply.next_seconds = std::min(config_.coordinator.heartbeat_seconds, std::max(1.0, fair));
  return reply;
}

double Job::wait_seconds() const {
  return std::max(0.2, static_cast<double>(registry_.workers().size()) / 500.0);
}

rpc::AcquireReply Job::leave(WorkerId worker, const std::string& reason) {
  registry_.remove(worker);
  rpc::Leave answer;
  answer.reason = reason;
  answer.failed = !failure_.empty();
  return answer;
}

rpc::AcquireReply Job::grant(Worker& worker, Stage stage) {
  // A merge task that is done again may have to wait for ranges that are done again.
  const auto next = ledger_.next(stage);
  const bool ready =
      next && (ledger_.task(*next).name != jobs::kMergeName || ledger_.all_but_one_done(stage));
  const auto id = ready ? ledger_.lease(worker.id, stage, clock_.now()) : std::nullopt;
  if (!id) {
    rpc::Wait wait;
    wait.seconds = wait_seconds();
    return wait;
  }
  const TaskRecord& task = ledger_.task(*id);
  journaled([&]() HELIP_REQUIRES(mutex_) { journal_->lease(task); });
  rpc::Lease lease;
  lease.task = *id;
  lease.fence = task.fence;
  lease.attempt = task.attempts;
  lease.spec = task.spec;
  rpc::LeaseProgress progress;
  progress.task = *id;
  progress.fence = task.fence;
  worker.progress = progress;
  return lease;
}

std::optional<rpc::AcquireReply> Job::training_answer(const Worker& worker, Stage current) {
  const auto& stages = worker.about.stages;
  const bool trains = std::find(stages.begin(), stages.end(), Stage::kTrain) != stages.end();
  if (current != Stage::kTrain || !trains) return std::nullopt;
  const auto chosen = registry_.training_launch(clock_.now());
  if (!chosen) return rpc::Wait{wait_seconds()};
  if (*chosen == worker.about.launch) return rpc::EnterTraining{};
  return leave(worker.id, "another launch trains");
}

rpc::AcquireReply Job::acquire(const rpc::AcquireRequest& request) {
  const MutexLock lock(mutex_);
  Worker& worker = known_worker(request.worker, request.epoch);
  if (!failure_.empty()) return leave(worker.id, "the job has failed");
  if (stopping_) return leave(worker.id, "the job is being stopped");
  const auto current = pipeline_.current(ledger_);

  if (request.in_group) {
    worker.training = current == Stage::kTrain;
    if (current == Stage::kTrain) return grant(worker, Stage::kTrain);
    // The group has trained all there is; its ranks go on as single workers.
    rpc::Leave end;
    end.reason = "training is done";
    return end;
  }

  if (!current) return leave(worker.id, "the job is done");
  const auto& stages = worker.about.stages;
  const bool any_left = std::any_of(stages.begin(), stages.end(), [&](Stage stage) {
    return pipeline_.runs(stage) && stage >= *current;
  });
  if (!any_left) return leave(worker.id, "its stages are done");
  if (auto answer = training_answer(worker, *current)) {
    if (Worker* still = registry_.find(request.worker)) {
      still->training = std::holds_alternative<rpc::EnterTraining>(*answer);
    }
    return *answer;
  }
  worker.training = false;
  if (std::find(stages.begin(), stages.end(), *current) == stages.end()) {
    rpc::Wait wait;
    wait.seconds = wait_seconds();
    return wait;
  }
  return grant(worker, *current);
}

}  // namespace helip::coordinator
