#include "coordinator/scheduler_service.h"

#include "common/error.h"
#include "common/log.h"
#include "rpc/channel.h"
#include "rpc/convert.h"

namespace helip::coordinator {
namespace {

// Catches every error: a handler answers with a status and lives on.
template <typename Call>
grpc::Status answer(Call&& call) {
  try {
    call();
    return grpc::Status::OK;
  } catch (const rpc::RpcError& error) {
    return rpc::to_status(error);
  } catch (const std::exception& error) {
    const std::string line = line_of(error);
    log::error(line);
    return {grpc::StatusCode::INTERNAL, line};
  }
}

}  // namespace

grpc::Status SchedulerService::Register(grpc::ServerContext*, const v1::RegisterRequest* request,
                                        v1::RegisterReply* reply) {
  return answer([&] {
    *reply =
        rpc::to_proto(scheduler_.register_worker(rpc::from_proto<rpc::RegisterRequest>(*request)));
  });
}

grpc::Status SchedulerService::Heartbeat(grpc::ServerContext*, const v1::HeartbeatRequest* request,
                                         v1::HeartbeatReply* reply) {
  return answer([&] {
    *reply = rpc::to_proto(scheduler_.heartbeat(rpc::from_proto<rpc::HeartbeatRequest>(*request)));
  });
}

grpc::Status SchedulerService::AcquireTask(grpc::ServerContext*,
                                           const v1::AcquireTaskRequest* request,
                                           v1::AcquireTaskReply* reply) {
  return answer([&] {
    *reply = rpc::to_proto(scheduler_.acquire(rpc::from_proto<rpc::AcquireRequest>(*request)));
  });
}

grpc::Status SchedulerService::CompleteTask(grpc::ServerContext*,
                                            const v1::CompleteTaskRequest* request,
                                            v1::CompleteTaskReply*) {
  return answer([&] { scheduler_.complete(rpc::from_proto<rpc::CompleteRequest>(*request)); });
}

grpc::Status SchedulerService::FailTask(grpc::ServerContext*, const v1::FailTaskRequest* request,
                                        v1::FailTaskReply*) {
  return answer([&] { scheduler_.fail(rpc::from_proto<rpc::FailRequest>(*request)); });
}

grpc::Status SchedulerService::ReleaseTask(grpc::ServerContext*,
                                           const v1::ReleaseTaskRequest* request,
                                           v1::ReleaseTaskReply*) {
  return answer([&] { scheduler_.release(rpc::from_proto<rpc::ReleaseRequest>(*request)); });
}

}  // namespace helip::coordinator
