#include "rpc/convert.h"

#include "common/text.h"

namespace helip::rpc {
namespace {

[[noreturn]] void refuse(const char* what, int found) {
  throw RpcError(RpcCode::kInvalidArgument, {.what = what, .found = cat(found)});
}

}  // namespace

static v1::TrainNumbers to_proto(const TrainNumbers& train) {
  v1::TrainNumbers proto;
  proto.set_step(train.step);
  proto.set_steps(train.steps);
  proto.set_epoch(train.epoch);
  proto.set_loss(train.loss);
  proto.set_contrastive_loss(train.contrastive_loss);
  proto.set_margin_loss(train.margin_loss);
  if (train.ssl_loss) proto.set_ssl_loss(*train.ssl_loss);
  proto.set_lr(train.lr);
  proto.set_logit_scale(train.logit_scale);
  proto.set_samples_per_second(train.samples_per_second);
  proto.set_data_share(train.data_share);
  proto.set_seed(train.seed);
  return proto;
}

static TrainNumbers from_proto(const v1::TrainNumbers& proto) {
  TrainNumbers train;
  train.step = proto.step();
  train.steps = proto.steps();
  train.epoch = proto.epoch();
  train.loss = proto.loss();
  train.contrastive_loss = proto.contrastive_loss();
  train.margin_loss = proto.margin_loss();
  if (proto.has_ssl_loss()) train.ssl_loss = proto.ssl_loss();
  train.lr = proto.lr();
  train.logit_scale = proto.logit_scale();
  train.samples_per_second = proto.samples_per_second();
  train.data_share = proto.data_share();
  train.seed = proto.seed();
  return train;
}

static v1::LeaseProgress to_proto(const LeaseProgress& progress) {
  v1::LeaseProgress proto;
  proto.set_task(number(progress.task));
  proto.set_fence(number(progress.fence));
  proto.set_done(progress.done);
  proto.set_total(progress.total);
  proto.set_rate(progress.rate);
  if (progress.train) *proto.mutable_train() = to_proto(*progress.train);
  return proto;
}

static LeaseProgress from_proto(const v1::LeaseProgress& proto) {
  LeaseProgress progress;
  progress.task = TaskId{proto.task()};
  progress.fence = Fence{proto.fence()};
  progress.done = proto.done();
  progress.total = proto.total();
  progress.rate = proto.rate();
  if (proto.has_train()) progress.train = from_proto(proto.train());
  return progress;
}

static v1::StageStatus to_proto(const StageStatus& stage) {
  v1::StageStatus proto;
  proto.set_stage(to_proto(stage.stage));
  proto.set_state(stage.state);
  proto.set_tasks_done(stage.tasks_done);
  proto.set_tasks_total(stage.tasks_total);
  proto.set_done(stage.done);
  proto.set_total(stage.total);
  proto.set_unit(stage.unit);
  proto.set_rate(stage.rate);
  proto.set_eta_seconds(stage.eta_seconds);
  return proto;
}

static StageStatus from_proto(const v1::StageStatus& proto) {
  StageStatus stage;
  stage.stage = from_proto(proto.stage());
  stage.state = proto.state();
  stage.tasks_done = proto.tasks_done();
  stage.tasks_total = proto.tasks_total();
  stage.done = proto.done();
  stage.total = proto.total();
  stage.unit = proto.unit();
  stage.rate = proto.rate();
  stage.eta_seconds = proto.eta_seconds();
  return stage;
}

v1::Stage to_proto(jobs::Stage stage) {
  return static_cast<v1::Stage>(static_cast<int>(stage) + 1);
}

jobs::Stage from_proto(v1::Stage stage) {
  const int value = static_cast<int>(stage) - 1;
  if (value < 0 || value >= static_cast<int>(jobs::kStages.size()))
    refuse("no such stage", value + 1);
  return static_cast<jobs::Stage>(value);
}

v1::TaskState to_proto(TaskState state) {
  return static_cast<v1::TaskState>(static_cast<int>(state));
}

TaskState from_proto(v1::TaskState state) {
  if (state < v1::TASK_STATE_PENDING || state > v1::TASK_STATE_FAILED) {
    refuse("no such task state", static_cast<int>(state));
  }
  return static_cast<TaskState>(static_cast<int>(state));
}

v1::RegisterRequest to_proto(const RegisterRequest& request) {
  v1::RegisterRequest proto;
  proto.set_protocol_version(request.protocol_version);
  proto.set_build(request.build);
  proto.set_config_digest(request.config_digest);
  proto.set_corpus_fingerprint(request.corpus_fingerprint);
  proto.set_model_digest(request.model_digest);
  proto.set_launch(request.launch);
  proto.set_rank(request.rank);
  proto.set_world_size(request.world_size);
  proto.set_host(request.host);
  proto.set_pid(request.pid);
  for (const jobs::Stage stage : request.stages) proto.add_stages(to_proto(stage));
  return proto;
}

RegisterRequest from_proto(const v1::RegisterRequest& proto) {
  RegisterRequest request;
  request.protocol_version = proto.protocol_version();
  request.build = proto.build();
  request.config_digest = proto.config_digest();
  request.corpus_fingerprint = proto.corpus_fingerprint();
  request.model_digest = proto.model_digest();
  request.launch = proto.launch();
  request.rank = proto.rank();
  request.world_size = proto.world_size();
  request.host = proto.host();
  request.pid = proto.pid();
  for (int i = 0; i < proto.stages_size(); ++i) {
    request.stages.push_back(from_proto(proto.stages(i)));
  }
  return request;
}

v1::RegisterReply to_proto(const RegisterReply& reply) {
  v1::RegisterReply proto;
  proto.set_worker(number(reply.worker));
  proto.set_epoch(reply.epoch);
  proto.set_work_dir(reply.work_dir);
  proto.set_config_yaml(reply.config_yaml);
  proto.set_config_digest(reply.config_digest);
  proto.set_heartbeat_seconds(reply.heartbeat_seconds);
  proto.set_lease_seconds(reply.lease_seconds);
  return proto;
}

RegisterReply from_proto(const v1::RegisterReply& proto) {
  RegisterReply reply;
  reply.worker = WorkerId{proto.worker()};
  reply.epoch = proto.epoch();
  reply.work_dir = proto.work_dir();
  reply.config_yaml = proto.config_yaml();
  reply.config_digest = proto.config_digest();
  reply.heartbeat_seconds = proto.heartbeat_seconds();
  reply.lease_seconds = proto.lease_seconds();
  return reply;
}

v1::HeartbeatRequest to_proto(const HeartbeatRequest& request) {
  v1::HeartbeatRequest proto;
  proto.set_worker(number(request.worker));
  proto.set_epoch(request.epoch);
  proto.set_device(request.device);
  proto.set_activity(request.activity);
  for (const LeaseProgress& lease : request.leases) *proto.add_leases() = to_proto(lease);
  return proto;
}

HeartbeatRequest from_proto(const v1::HeartbeatRequest& proto) {
  HeartbeatRequest request;
  request.worker = WorkerId{proto.worker()};
  request.epoch = proto.epoch();
  request.device = proto.device();
  request.activity = proto.activity();
  for (const auto& lease : proto.leases()) request.leases.push_back(from_proto(lease));
  return request;
}

v1::HeartbeatReply to_proto(const HeartbeatReply& reply) {
  v1::HeartbeatReply proto;
  for (const TaskId task : reply.lost) proto.add_lost(number(task));
  proto.set_stop(reply.stop);
  proto.set_next_seconds(reply.next_seconds);
  return proto;
}

HeartbeatReply from_proto(const v1::HeartbeatReply& proto) {
  HeartbeatReply reply;
  for (const std::uint64_t task : proto.lost()) reply.lost.push_back(TaskId{task});
  reply.stop = proto.stop();
  reply.next_seconds = proto.next_seconds();
  return reply;
}

v1::AcquireTaskRequest to_proto(const AcquireRequest& request) {
  v1::AcquireTaskRequest proto;
  proto.set_worker(number(request.worker));
  proto.set_epoch(request.epoch);
  proto.set_in_group(request.in_group);
  return proto;
}

AcquireRequest from_proto(const v1::AcquireTaskRequest& proto) {
  AcquireRequest request;
  request.worker = WorkerId{proto.worker()};
  request.epoch = proto.epoch();
  request.in_group = proto.in_group();
  return request;
}

v1::AcquireTaskReply to_proto(const AcquireReply& reply) {
  v1::AcquireTaskReply proto;
  if (const auto* wait = std::get_if<Wait>(&reply)) {
    proto.mutable_wait()->set_seconds(wait->seconds);
  } else if (const auto* lease = std::get_if<Lease>(&reply)) {
    proto.mutable_lease()->set_task(number(lease->task));
    proto.mutable_lease()->set_fence(number(lease->fence));
    proto.mutable_lease()->set_attempt(lease->attempt);
    proto.mutable_lease()->set_spec(lease->spec);
  } else if (const auto* leave = std::get_if<Leave>(&reply)) {
    proto.mutable_leave()->set_reason(leave->reason);
    proto.mutable_leave()->set_failed(leave->failed);
  } else {
    proto.mutable_enter_training();
  }
  return proto;
}

AcquireReply from_proto(const v1::AcquireTaskReply& proto) {
  switch (proto.answer_case()) {
    case v1::AcquireTaskReply::kLease: {
      Lease lease;
      lease.task = TaskId{proto.lease().task()};
      lease.fence = Fence{proto.lease().fence()};
      lease.attempt = proto.lease().attempt();
      lease.spec = proto.lease().spec();
      return lease;
    }
    case v1::AcquireTaskReply::kWait: {
      Wait wait;
      wait.seconds = proto.wait().seconds();
      return wait;
    }
    case v1::AcquireTaskReply::kEnterTraining:
      return EnterTraining{};
    case v1::AcquireTaskReply::kLeave: {
      Leave leave;
      leave.reason = proto.leave().reason();
      leave.failed = proto.leave().failed();
      return leave;
    }
    case v1::AcquireTaskReply::ANSWER_NOT_SET:
      break;
  }
  refuse("an answer of no known kind", proto.answer_case());
}

v1::CompleteTaskRequest to_proto(const CompleteRequest& request) {
  v1::CompleteTaskRequest proto;
  proto.set_task(number(request.task));
  proto.set_fence(number(request.fence));
  proto.set_sha256(request.sha256);
  proto.set_bytes(request.bytes);
  proto.set_rate(request.rate);
  return proto;
}

CompleteRequest from_proto(const v1::CompleteTaskRequest& proto) {
  CompleteRequest request;
  request.task = TaskId{proto.task()};
  request.fence = Fence{proto.fence()};
  request.sha256 = proto.sha256();
  request.bytes = proto.bytes();
  request.rate = proto.rate();
  return request;
}

v1::FailTaskRequest to_proto(const FailRequest& request) {
  v1::FailTaskRequest proto;
  proto.set_task(number(request.task));
  proto.set_fence(number(request.fence));
  proto.set_error(request.error);
  proto.set_kind(static_cast<v1::FailureKind>(static_cast<int>(request.kind) + 1));
  return proto;
}

FailRequest from_proto(const v1::FailTaskRequest& proto) {
  if (proto.kind() < v1::FAILURE_KIND_TRANSIENT || proto.kind() > v1::FAILURE_KIND_DATA) {
    refuse("no such kind of failure", static_cast<int>(proto.kind()));
  }
  FailRequest request;
  request.task = TaskId{proto.task()};
  request.fence = Fence{proto.fence()};
  request.error = proto.error();
  request.kind = static_cast<FailureKind>(static_cast<int>(proto.kind()) - 1);
  return request;
}

v1::ReleaseTaskRequest to_proto(const ReleaseRequest& request) {
  v1::ReleaseTaskRequest proto;
  proto.set_task(number(request.task));
  proto.set_fence(number(request.fence));
  return proto;
}

ReleaseRequest from_proto(const v1::ReleaseTaskRequest& proto) {
  ReleaseRequest request;
  request.task = TaskId{proto.task()};
  request.fence = Fence{proto.fence()};
  return request;
}

v1::WorkerStatus to_proto(const WorkerStatus& worker) {
  v1::WorkerStatus proto;
  proto.set_worker(number(worker.worker));
  proto.set_launch(worker.launch);
  proto.set_rank(worker.rank);
  proto.set_world_size(worker.world_size);
  proto.set_host(worker.host);
  proto.set_pid(worker.pid);
  proto.set_device(worker.device);
  proto.set_state(worker.state);
  proto.set_task(worker.task);
  proto.set_done(worker.done);
  proto.set_total(worker.total);
  proto.set_rate(worker.rate);
  proto.set_silent_seconds(worker.silent_seconds);
  return proto;
}

WorkerStatus from_proto(const v1::WorkerStatus& proto) {
  WorkerStatus worker;
  worker.worker = WorkerId{proto.worker()};
  worker.launch = proto.launch();
  worker.rank = proto.rank();
  worker.world_size = proto.world_size();
  worker.host = proto.host();
  worker.pid = proto.pid();
  worker.device = proto.device();
  worker.state = proto.state();
  worker.task = proto.task();
  worker.done = proto.done();
  worker.total = proto.total();
  worker.rate = proto.rate();
  worker.silent_seconds = proto.silent_seconds();
  return worker;
}

v1::JobStatus to_proto(const JobStatus& status) {
  v1::JobStatus proto;
  proto.set_state(static_cast<v1::JobState>(static_cast<int>(status.state)));
  if (status.stage) proto.set_stage(to_proto(*status.stage));
  for (const StageStatus& stage : status.stages) *proto.add_stages() = to_proto(stage);
  if (status.train) *proto.mutable_train() = to_proto(*status.train);
  for (const WorkerStatus& worker : status.workers) *proto.add_workers() = to_proto(worker);
  proto.set_failure(status.failure);
  proto.set_work_dir(status.work_dir);
  proto.set_config_digest(status.config_digest);
  proto.set_elapsed_seconds(status.elapsed_seconds);
  proto.set_eta_seconds(status.eta_seconds);
  proto.set_quarantined(status.quarantined);
  return proto;
}

JobStatus from_proto(const v1::JobStatus& proto) {
  if (proto.state() < v1::JOB_STATE_RUNNING || proto.state() > v1::JOB_STATE_STOPPED) {
    refuse("no such job state", static_cast<int>(proto.state()));
  }
  JobStatus status;
  status.state = static_cast<JobState>(static_cast<int>(proto.state()));
  if (proto.stage() != v1::STAGE_UNSPECIFIED) status.stage = from_proto(proto.stage());
  for (const auto& stage : proto.stages()) status.stages.push_back(from_proto(stage));
  if (proto.has_train()) status.train = from_proto(proto.train());
  for (const auto& worker : proto.workers()) status.workers.push_back(from_proto(worker));
  status.failure = proto.failure();
  status.work_dir = proto.work_dir();
  status.config_digest = proto.config_digest();
  status.elapsed_seconds = proto.elapsed_seconds();
  status.eta_seconds = proto.eta_seconds();
  status.quarantined = proto.quarantined();
  return status;
}

v1::TaskRow to_proto(const TaskRow& row) {
  v1::TaskRow proto;
  proto.set_task(number(row.task));
  proto.set_stage(to_proto(row.stage));
  proto.set_name(row.name);
  proto.set_state(to_proto(row.state));
  proto.set_attempts(row.attempts);
  proto.set_fence(number(row.fence));
  proto.set_result_sha256(row.result_sha256);
  proto.set_last_error(row.last_error);
  return proto;
}

TaskRow from_proto(const v1::TaskRow& proto) {
  TaskRow row;
  row.task = TaskId{proto.task()};
  row.stage = from_proto(proto.stage());
  row.name = proto.name();
  row.state = from_proto(proto.state());
  row.attempts = proto.attempts();
  row.fence = Fence{proto.fence()};
  row.result_sha256 = proto.result_sha256();
  row.last_error = proto.last_error();
  return row;
}

}  // namespace helip::rpc
