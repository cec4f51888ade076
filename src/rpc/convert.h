// Protobuf ↔ structs, both ways, for every message. Only rpc and coordinator include this.
#pragma once

#include "helip/v1/scheduler.pb.h"
#include "helip/v1/status.pb.h"
#include "rpc/job_status.h"
#include "rpc/scheduler.h"

namespace helip::rpc {

// Throws RpcError kInvalidArgument: the message holds a number that has no meaning.
[[noreturn]] void refuse(const char* what, int found);

v1::Stage to_proto(jobs::Stage stage);
// Throws RpcError kInvalidArgument for a number that is no stage.
jobs::Stage from_proto(v1::Stage stage);
v1::TaskState to_proto(TaskState state);
TaskState from_proto(v1::TaskState state);
v1::TrainNumbers to_proto(const TrainNumbers& train);
TrainNumbers from_proto(const v1::TrainNumbers& proto);

// The scheduler's calls (convert_scheduler.cpp).
v1::RegisterRequest to_proto(const RegisterRequest& request);
RegisterRequest from_proto(const v1::RegisterRequest& proto);
v1::RegisterReply to_proto(const RegisterReply& reply);
RegisterReply from_proto(const v1::RegisterReply& proto);
v1::HeartbeatRequest to_proto(const HeartbeatRequest& request);
HeartbeatRequest from_proto(const v1::HeartbeatRequest& proto);
v1::HeartbeatReply to_proto(const HeartbeatReply& reply);
HeartbeatReply from_proto(const v1::HeartbeatReply& proto);
v1::AcquireTaskRequest to_proto(const AcquireRequest& request);
AcquireRequest from_proto(const v1::AcquireTaskRequest& proto);
v1::AcquireTaskReply to_proto(const AcquireReply& reply);
AcquireReply from_proto(const v1::AcquireTaskReply& proto);
v1::CompleteTaskRequest to_proto(const CompleteRequest& request);
CompleteRequest from_proto(const v1::CompleteTaskRequest& proto);
v1::FailTaskRequest to_proto(const FailRequest& request);
FailRequest from_proto(const v1::FailTaskRequest& proto);
v1::ReleaseTaskRequest to_proto(const ReleaseRequest& request);
ReleaseRequest from_proto(const v1::ReleaseTaskRequest& proto);

// The status (convert_status.cpp).
v1::JobStatus to_proto(const JobStatus& status);
JobStatus from_proto(const v1::JobStatus& proto);
v1::WorkerStatus to_proto(const WorkerStatus& worker);
WorkerStatus from_proto(const v1::WorkerStatus& proto);
v1::TaskRow to_proto(const TaskRow& row);
TaskRow from_proto(const v1::TaskRow& proto);

}  // namespace helip::rpc
