#include "common/text.h"
#include "rpc/convert.h"

namespace helip::rpc {

void refuse(const char* what, int found) {
  throw RpcError(RpcCode::kInvalidArgument, {.what = what, .found = cat(found)});
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

v1::TrainNumbers to_proto(const TrainNumbers& train) {
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

TrainNumbers from_proto(const v1::TrainNumbers& proto) {
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
