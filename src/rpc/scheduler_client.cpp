#include "rpc/scheduler_client.h"

#include <chrono>

#include "common/text.h"
#include "helip/v1/scheduler.grpc.pb.h"
#include "rpc/channel.h"
#include "rpc/convert.h"

namespace helip::rpc {

struct SchedulerClient::State {
  State(const std::string& target, double deadline)
      : address(target), seconds(deadline), stub(v1::Scheduler::NewStub(open_channel(target))) {}

  template <typename Request, typename Reply>
  Reply call(grpc::Status (v1::Scheduler::Stub::*method)(grpc::ClientContext*, const Request&,
                                                         Reply*),
             const Request& request, const char* name, double patience = 1) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::duration<double>(seconds * patience)));
    Reply reply;
    throw_unless_ok((stub.get()->*method)(&context, request, &reply), cat(address, " ", name));
    return reply;
  }

  std::string address;
  double seconds;
  std::unique_ptr<v1::Scheduler::Stub> stub;
};

SchedulerClient::SchedulerClient(const std::string& address, double deadline_seconds)
    : state_(std::make_unique<State>(address, deadline_seconds)) {}

SchedulerClient::~SchedulerClient() = default;

RegisterReply SchedulerClient::register_worker(const RegisterRequest& request) {
  return from_proto<RegisterReply>(
      state_->call(&v1::Scheduler::Stub::Register, to_proto(request), "Register"));
}

HeartbeatReply SchedulerClient::heartbeat(const HeartbeatRequest& request) {
  // The next one comes soon; a worker that waits for this one cannot tell that its lease has ended.
  constexpr double kPatience = 0.3;
  return from_proto<HeartbeatReply>(
      state_->call(&v1::Scheduler::Stub::Heartbeat, to_proto(request), "Heartbeat", kPatience));
}

AcquireReply SchedulerClient::acquire(const AcquireRequest& request) {
  return from_proto(
      state_->call(&v1::Scheduler::Stub::AcquireTask, to_proto(request), "AcquireTask"));
}

void SchedulerClient::complete(const CompleteRequest& request) {
  constexpr double kPatience = 10;
  state_->call(&v1::Scheduler::Stub::CompleteTask, to_proto(request), "CompleteTask", kPatience);
}

void SchedulerClient::fail(const FailRequest& request) {
  state_->call(&v1::Scheduler::Stub::FailTask, to_proto(request), "FailTask");
}

void SchedulerClient::release(const ReleaseRequest& request) {
  state_->call(&v1::Scheduler::Stub::ReleaseTask, to_proto(request), "ReleaseTask");
}

}  // namespace helip::rpc
