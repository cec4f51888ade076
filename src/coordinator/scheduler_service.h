// The Scheduler service: Protobuf in and out around Job, errors as gRPC statuses.
#pragma once

#include "coordinator/job.h"
#include "helip/v1/scheduler.grpc.pb.h"

namespace helip::coordinator {

class SchedulerService final : public v1::Scheduler::Service {
 public:
  explicit SchedulerService(rpc::Scheduler& scheduler) : scheduler_(scheduler) {}

  grpc::Status Register(grpc::ServerContext* context, const v1::RegisterRequest* request,
                        v1::RegisterReply* reply) override;
  grpc::Status Heartbeat(grpc::ServerContext* context, const v1::HeartbeatRequest* request,
                         v1::HeartbeatReply* reply) override;
  grpc::Status AcquireTask(grpc::ServerContext* context, const v1::AcquireTaskRequest* request,
                           v1::AcquireTaskReply* reply) override;
  grpc::Status CompleteTask(grpc::ServerContext* context, const v1::CompleteTaskRequest* request,
                            v1::CompleteTaskReply* reply) override;
  grpc::Status FailTask(grpc::ServerContext* context, const v1::FailTaskRequest* request,
                        v1::FailTaskReply* reply) override;
  grpc::Status ReleaseTask(grpc::ServerContext* context, const v1::ReleaseTaskRequest* request,
                           v1::ReleaseTaskReply* reply) override;

 private:
  rpc::Scheduler& scheduler_;
};

}  // namespace helip::coordinator
