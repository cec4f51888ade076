// The coordinator's gRPC server: Scheduler, Status, health and, on loopback, reflection; and the
// thread that ticks the job.
#pragma once

#include <memory>
#include <string>

#include "coordinator/job.h"

namespace helip::coordinator {

struct ServerOptions {
  std::string listen = "127.0.0.1:0";
  bool insecure_network = false;
};

class Server {
 public:
  // Listens and publishes WORK/coordinator/address. `job` must outlive it. Throws as check_listen()
  // (listen_check.h), CommError if the port was taken since.
  Server(Job& job, const jobs::WorkDir& work_dir, const ServerOptions& options);
  // Ends streams and calls within three seconds and removes the address.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Returns host:port that workers reach it by.
  [[nodiscard]] const std::string& address() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace helip::coordinator
