// What JobCore answers workers: who may come in, who gets which task, who trains, who leaves.
#include <algorithm>

#include "common/text.h"
#include "coordinator/job_core.h"

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

rpc::RegisterReply JobCore::enroll(const rpc::RegisterRequest& request, TimePoint now) {
  check_form(request);
  expect_same("protocol_version", cat(rpc::kProtocolVersion), cat(request.protocol_version));
  expect_same("build", rpc::build_name(), request.build);
  if (!request.config_digest.empty()) {
    expect_same("config_digest", welcome_.config_digest, request.config_digest);
  }
  const auto& corpus = figures_.corpus;
  if (corpus && !request.corpus_fingerprint.empty()) {
    expect_same("corpus_fingerprint", corpus->fingerprint, request.corpus_fingerprint);
  }
  if (corpus && !request.model_digest.empty()) {
    expect_same("model_digest", corpus->model_digest, request.model_digest);
  }
  rpc::RegisterReply reply = welcome_;
  reply.worker = registry_.add(request, now);
  return reply;
}

Worker& JobCore::known_worker(WorkerId id, std::uint64_t epoch, TimePoint now) {
  Worker* worker = epoch == welcome_.epoch ? registry_.find(id) : nullptr;
  if (worker == nullptr) {
    throw rpc::RpcError(rpc::RpcCode::kNotFound,
                        {.what = "unknown worker: register again",
                         .found = cat("worker ", rpc::number(id), " of epoch ", epoch)});
  }
  worker->last_seen = now;
  return *worker;
}

rpc::HeartbeatReply JobCore::heartbeat(const rpc::HeartbeatRequest& request, TimePoint now) {
  Worker& worker = known_worker(request.worker, request.epoch, now);
  worker.device = request.device.substr(0, kLongestName);
  worker.activity = request.activity.substr(0, kLongestName);
  worker.progress.reset();
  rpc::HeartbeatReply reply;
  for (const rpc::LeaseProgress& lease : request.leases) {
    const LeaseOutcome outcome = ledger_.renew(lease.task, lease.fence, worker.id, lease.done, now);
    if (outcome != LeaseOutcome::kOk) {
      reply.lost.push_back(lease.task);
      continue;
    }
    worker.progress = lease;
    if (lease.train) figures_.train = lease.train;
  }
  const rpc::JobState state = this->state();
  reply.stop = state == rpc::JobState::kFailed || state == rpc::JobState::kStopped;
  // Fresh progress on small jobs, few calls on large ones.
  const double fair = static_cast<double>(registry_.workers().size()) / 200.0;
  reply.next_seconds = std::min(welcome_.heartbeat_seconds, std::max(1.0, fair));
  return reply;
}

rpc::Wait JobCore::wait() const {
  return {.seconds = std::max(0.2, static_cast<double>(registry_.workers().size()) / 500.0)};
}

rpc::AcquireReply JobCore::leave(WorkerId worker, const std::string& reason) {
  registry_.remove(worker);
  return rpc::Leave{.reason = reason, .failed = outcome_.failed()};
}

rpc::AcquireReply JobCore::grant(Worker& worker, Stage stage, TimePoint now) {
  // A merge task that is done again may have to wait for ranges that are done again.
  const auto next = ledger_.next(stage);
  const bool ready =
      next && (ledger_.task(*next).name != jobs::kMergeName || ledger_.all_but_one_done(stage));
  const auto id = ready ? ledger_.lease(worker.id, stage, now) : std::nullopt;
  if (!id) return wait();
  const TaskRecord& task = ledger_.task(*id);
  rpc::LeaseProgress progress;
  progress.task = *id;
  progress.fence = task.fence;
  worker.progress = progress;
  return rpc::Lease{.task = *id, .fence = task.fence, .attempt = task.attempts, .spec = task.spec};
}

// Nothing if the worker is not to join a group for the stage in progress.
std::optional<rpc::AcquireReply> JobCore::group_answer(const Worker& worker, Stage current,
                                                       TimePoint now) {
  if (!pipeline_.of(current).runs_in_group() || !takes(worker, current)) return std::nullopt;
  const auto chosen = registry_.group_launch(current, now);
  if (!chosen) return wait();
  if (*chosen == worker.about.launch) return rpc::EnterTraining{};
  return leave(worker.id, "another launch trains");
}

rpc::AcquireReply JobCore::acquire(const rpc::AcquireRequest& request, TimePoint now) {
  Worker& worker = known_worker(request.worker, request.epoch, now);
  if (outcome_.failed()) return leave(worker.id, "the job has failed");
  if (outcome_.stopping) return leave(worker.id, "the job is being stopped");
  const auto stage = current();

  if (request.in_group) {
    worker.training = stage && pipeline_.of(*stage).runs_in_group();
    if (worker.training) return grant(worker, *stage, now);
    // The group has trained all there is; its ranks go on as single workers.
    return rpc::Leave{.reason = "training is done"};
  }

  if (!stage) return leave(worker.id, "the job is done");
  const auto& stages = worker.about.stages;
  const bool any_left = std::any_of(stages.begin(), stages.end(), [&](Stage taken) {
    return pipeline_.runs(taken) && taken >= *stage;
  });
  if (!any_left) return leave(worker.id, "its stages are done");
  if (auto answer = group_answer(worker, *stage, now)) {
    if (Worker* still = registry_.find(request.worker)) {
      still->training = std::holds_alternative<rpc::EnterTraining>(*answer);
    }
    return *answer;
  }
  worker.training = false;
  return takes(worker, *stage) ? grant(worker, *stage, now) : wait();
}

}  // namespace helip::coordinator
