#include "coordinator/status_service.h"

#include <grpcpp/alarm.h>

#include <algorithm>
#include <chrono>

#include "common/threads/mutex.h"
#include "rpc/channel.h"
#include "rpc/convert.h"

namespace helip::coordinator {
namespace {

// One watcher: write a snapshot, wait for the interval, write the next; the alarm waits, not a
// thread.
class Watcher final : public grpc::ServerWriteReactor<v1::JobStatus> {
 public:
  Watcher(const Job& job, const std::atomic<bool>& closing, double interval_seconds)
      : job_(job),
        closing_(closing),
        interval_(std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::duration<double>(interval_seconds))) {
    write();
  }

  // In each handler the last call hands the object on: after it another thread may run a handler,
  // or OnDone delete it.
  void OnWriteDone(bool ok) override {
    {
      const MutexLock lock(mutex_);
      if (ok && !cancelled_ && !last_) {
        waiting_ = true;
        alarm_.Set(std::chrono::system_clock::now() + interval_, [this](bool) { alarm_rang(); });
        return;
      }
    }
    Finish(grpc::Status::OK);
  }

  void OnCancel() override {
    const MutexLock lock(mutex_);
    cancelled_ = true;
    if (waiting_) alarm_.Cancel();  // rings at once
  }

  void OnDone() override { delete this; }

 private:
  void alarm_rang() {
    bool cancelled = false;
    {
      const MutexLock lock(mutex_);
      waiting_ = false;
      cancelled = cancelled_;
    }
    if (cancelled) {
      Finish(grpc::Status::OK);
    } else {
      write();
    }
  }

  void write() {
    const rpc::JobStatus status = job_.status();
    snapshot_ = rpc::to_proto(status);
    {
      const MutexLock lock(mutex_);
      last_ = status.state != rpc::JobState::kRunning || closing_;
    }
    StartWrite(&snapshot_);
  }

  const Job& job_;
  const std::atomic<bool>& closing_;
  const std::chrono::milliseconds interval_;
  Mutex mutex_;
  grpc::Alarm alarm_ HELIP_GUARDED_BY(mutex_);
  v1::JobStatus snapshot_;
  bool waiting_ HELIP_GUARDED_BY(mutex_) = false;
  bool cancelled_ HELIP_GUARDED_BY(mutex_) = false;
  bool last_ HELIP_GUARDED_BY(mutex_) = false;
};

}  // namespace

grpc::Status StatusService::GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                                      v1::JobStatus* reply) {
  *reply = rpc::to_proto(job_.status());
  return grpc::Status::OK;
}

grpc::Status StatusService::ListTasks(grpc::ServerContext*, const v1::ListTasksRequest* request,
                                      v1::ListTasksReply* reply) {
  constexpr std::uint32_t kPage = 1000;
  try {
    std::optional<Stage> stage;
    std::optional<TaskState> state;
    if (request->stage() != v1::STAGE_UNSPECIFIED)
      stage = rpc::from_number<Stage>(request->stage());
    if (request->state() != v1::TASK_STATE_UNSPECIFIED)
      state = rpc::from_number<TaskState>(request->state());
    const std::uint32_t limit = request->limit() == 0 ? kPage : std::min(request->limit(), kPage);
    std::uint64_t matching = 0;
    for (const rpc::TaskRow& row : job_.tasks(stage, state, request->after(), limit, matching)) {
      *reply->add_tasks() = rpc::to_proto(row);
    }
    reply->set_total(matching);
    return grpc::Status::OK;
  } catch (const rpc::RpcError& error) {
    return rpc::to_status(error);
  }
}

grpc::Status StatusService::ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest*,
                                        v1::ListWorkersReply* reply) {
  for (const rpc::WorkerStatus& worker : job_.status().workers) {
    *reply->add_workers() = rpc::to_proto(worker);
  }
  return grpc::Status::OK;
}

grpc::ServerWriteReactor<v1::JobStatus>* StatusService::WatchStatus(
    grpc::CallbackServerContext*, const v1::WatchStatusRequest* request) {
  const double asked = request->interval_seconds();
  const double interval = asked > 0 ? std::clamp(asked, 0.2, 3600.0) : 1.0;
  return new Watcher(job_, closing_, interval);
}

}  // namespace helip::coordinator
