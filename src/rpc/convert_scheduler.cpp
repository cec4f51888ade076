#include "rpc/convert.h"

namespace helip::rpc {

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

}  // namespace helip::rpc
