// The scheduler over gRPC, with deadlines. No retries inside: the worker decides what a failure
// means (see worker/).
#pragma once

#include <memory>
#include <string>

#include "rpc/scheduler.h"

namespace helip::rpc {

class SchedulerClient final : public Scheduler {
 public:
  // Connects to `address`, host:port, on first use. Throws ConfigError if it is no address. Each
  // call throws RpcError kUnavailable after `deadline_seconds`; complete(), for which the
  // coordinator reads the result file again, after ten times that.
  explicit SchedulerClient(const std::string& address, double deadline_seconds = 10);
  ~SchedulerClient() override;

  RegisterReply register_worker(const RegisterRequest& request) override;
  HeartbeatReply heartbeat(const HeartbeatRequest& request) override;
  AcquireReply acquire(const AcquireRequest& request) override;
  void complete(const CompleteRequest& request) override;
  void fail(const FailRequest& request) override;
  void release(const ReleaseRequest& request) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace helip::rpc
