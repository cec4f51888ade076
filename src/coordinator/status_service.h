// The Status service. WatchStatus uses gRPC's callback interface: a watcher costs no thread, and
// one that does not read gets fewer snapshots, never a queue of them.
#pragma once

#include <atomic>

#include "coordinator/job.h"
#include "helip/v1/status.grpc.pb.h"

namespace helip::coordinator {

class StatusService final : public v1::Status::WithCallbackMethod_WatchStatus<v1::Status::Service> {
 public:
  explicit StatusService(const Job& job) : job_(job) {}

  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::JobStatus* reply) override;
  grpc::Status ListTasks(grpc::ServerContext* context, const v1::ListTasksRequest* request,
                         v1::ListTasksReply* reply) override;
  grpc::Status ListWorkers(grpc::ServerContext* context, const v1::ListWorkersRequest* request,
                           v1::ListWorkersReply* reply) override;
  grpc::ServerWriteReactor<v1::JobStatus>* WatchStatus(
      grpc::CallbackServerContext* context, const v1::WatchStatusRequest* request) override;

  // Ends the streams after their next snapshot.
  void close() { closing_ = true; }

 private:
  const Job& job_;
  std::atomic<bool> closing_{false};
};

}  // namespace helip::coordinator
