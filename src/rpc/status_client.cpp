#include "rpc/status_client.h"

#include <chrono>

#include "common/text.h"
#include "helip/v1/status.grpc.pb.h"
#include "rpc/channel.h"
#include "rpc/convert.h"

namespace helip::rpc {

struct StatusClient::State {
  void limit(grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::duration<double>(seconds)));
  }

  std::string address;
  double seconds;
  std::unique_ptr<v1::Status::Stub> stub;
};

StatusClient::StatusClient(const std::string& address, double deadline_seconds)
    : state_(std::make_unique<State>(
          State{address, deadline_seconds, v1::Status::NewStub(open_channel(address))})) {}

StatusClient::~StatusClient() = default;

JobStatus StatusClient::status() {
  grpc::ClientContext context;
  state_->limit(context);
  v1::JobStatus reply;
  throw_unless_ok(state_->stub->GetStatus(&context, {}, &reply),
                  cat(state_->address, " GetStatus"));
  return from_proto<JobStatus>(reply);
}

void StatusClient::watch(double interval_seconds,
                         const std::function<bool(const JobStatus&)>& show) {
  grpc::ClientContext context;
  v1::WatchStatusRequest request;
  request.set_interval_seconds(interval_seconds);
  const auto stream = state_->stub->WatchStatus(&context, request);
  v1::JobStatus snapshot;
  while (stream->Read(&snapshot)) {
    if (show(from_proto<JobStatus>(snapshot))) continue;
    context.TryCancel();
    stream->Finish();
    return;
  }
  throw_unless_ok(stream->Finish(), cat(state_->address, " WatchStatus"));
}

std::vector<TaskRow> StatusClient::tasks() {
  std::vector<TaskRow> rows;
  while (true) {
    grpc::ClientContext context;
    state_->limit(context);
    v1::ListTasksRequest request;
    if (!rows.empty()) request.set_after(number(rows.back().task));
    v1::ListTasksReply reply;
    throw_unless_ok(state_->stub->ListTasks(&context, request, &reply),
                    cat(state_->address, " ListTasks"));
    if (reply.tasks_size() == 0) return rows;
    for (const auto& row : reply.tasks()) rows.push_back(from_proto<TaskRow>(row));
  }
}

std::vector<WorkerStatus> StatusClient::workers() {
  grpc::ClientContext context;
  state_->limit(context);
  v1::ListWorkersReply reply;
  throw_unless_ok(state_->stub->ListWorkers(&context, {}, &reply),
                  cat(state_->address, " ListWorkers"));
  std::vector<WorkerStatus> workers;
  for (const auto& worker : reply.workers()) workers.push_back(from_proto<WorkerStatus>(worker));
  return workers;
}

}  // namespace helip::rpc
