// Protobuf ↔ structs, both ways, for every message of the services. Only rpc and coordinator
// include this.
#pragma once

#include "helip/v1/scheduler.pb.h"
#include "helip/v1/status.pb.h"
#include "rpc/job_status.h"
#include "rpc/message_fields.h"
#include "rpc/scheduler.h"

namespace helip::rpc {

// The message that a struct travels as.
template <typename Message>
struct TravelsAs {
  using Type = Message;
};
template <typename T>
struct MessageOf;
template <>
struct MessageOf<RegisterRequest> : TravelsAs<v1::RegisterRequest> {};
template <>
struct MessageOf<RegisterReply> : TravelsAs<v1::RegisterReply> {};
template <>
struct MessageOf<HeartbeatRequest> : TravelsAs<v1::HeartbeatRequest> {};
template <>
struct MessageOf<HeartbeatReply> : TravelsAs<v1::HeartbeatReply> {};
template <>
struct MessageOf<AcquireRequest> : TravelsAs<v1::AcquireTaskRequest> {};
template <>
struct MessageOf<CompleteRequest> : TravelsAs<v1::CompleteTaskRequest> {};
template <>
struct MessageOf<FailRequest> : TravelsAs<v1::FailTaskRequest> {};
template <>
struct MessageOf<ReleaseRequest> : TravelsAs<v1::ReleaseTaskRequest> {};
template <>
struct MessageOf<JobStatus> : TravelsAs<v1::JobStatus> {};
template <>
struct MessageOf<WorkerStatus> : TravelsAs<v1::WorkerStatus> {};
template <>
struct MessageOf<TaskRow> : TravelsAs<v1::TaskRow> {};

// Returns the message of a struct.
template <jobs::Record T>
typename MessageOf<T>::Type to_proto(const T& record) {
  typename MessageOf<T>::Type proto;
  write_fields(record, proto);
  return proto;
}
v1::AcquireTaskReply to_proto(const AcquireReply& reply);

// Returns the struct of a message. Throws RpcError kInvalidArgument if the message holds a number
// that has no meaning.
template <jobs::Record T>
T from_proto(const typename MessageOf<T>::Type& proto) {
  return read_fields<T>(proto);
}
AcquireReply from_proto(const v1::AcquireTaskReply& proto);

}  // namespace helip::rpc
