// The status service over gRPC.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rpc/job_status.h"

namespace helip::rpc {

class StatusClient {
 public:
  // Connects to `address`, host:port, on first use. Throws ConfigError if it is no address. Each
  // call throws RpcError kUnavailable if nobody answers within `deadline_seconds`.
  explicit StatusClient(const std::string& address, double deadline_seconds = 5);
  ~StatusClient();

  JobStatus status();
  // Calls `show` with each snapshot until it returns false or the stream ends with the job.
  void watch(double interval_seconds, const std::function<bool(const JobStatus&)>& show);
  // Returns every task, asked for page by page.
  std::vector<TaskRow> tasks();
  std::vector<WorkerStatus> workers();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace helip::rpc
