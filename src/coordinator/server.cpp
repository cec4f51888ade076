#include "coordinator/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "common/threads/mutex.h"
#include "coordinator/claim.h"
#include "coordinator/listen_check.h"
#include "coordinator/scheduler_service.h"
#include "coordinator/status_service.h"

namespace helip::coordinator {
namespace {

// The name by which other hosts reach a server that listens on every interface.
std::string reachable_host(const std::string& host) {
  if (host != "0.0.0.0" && host != "[::]" && host != "*") return host;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return host;
  return name.data();
}

}  // namespace

struct Server::State {
  State(Job& the_job, const jobs::WorkDir& folder)
      : job(the_job), work_dir(folder), scheduler(the_job), status(the_job) {}

  void tick_until_closed() {
    MutexLock lock(mutex);
    while (true) {
      if (!closing) closed.wait_for(mutex, std::chrono::milliseconds(500));
      if (closing) return;
      lock.unlock();
      try {
        job.tick();
      } catch (const Error& error) {
        // The job has recorded it as its failure; the services go on telling so.
        log::error(error.what());
      }
      lock.lock();
    }
  }

  Job& job;
  jobs::WorkDir work_dir;
  SchedulerService scheduler;
  StatusService status;
  std::unique_ptr<grpc::Server> server;
  std::string address;
  Mutex mutex;
  Condition closed;
  bool closing HELIP_GUARDED_BY(mutex) = false;
  std::thread ticker;
};

Server::Server(Job& job, const jobs::WorkDir& work_dir, const ServerOptions& options)
    : state_(std::make_unique<State>(job, work_dir)) {
  check_listen(options.listen, options.insecure_network);
  const bool loopback = is_loopback(options.listen);
  if (!loopback) {
    log::warning(cat("listening on ", options.listen,
                     " without encryption and authentication; gRPC ", grpc::Version(),
                     " has known denial-of-service faults before 1.53.2"));
  }
  grpc::EnableDefaultHealthCheckService(true);
  // gRPC keeps the plugin for every later server of this process; a process has one.
  if (loopback) grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000);
  builder.SetMaxReceiveMessageSize(1 << 20);
  builder.RegisterService(&state_->scheduler);
  builder.RegisterService(&state_->status);
  state_->server = builder.BuildAndStart();
  if (state_->server == nullptr || port == 0) {
    throw CommError({.what = "cannot listen", .where = options.listen});
  }
  state_->address = cat(reachable_host(split_address(options.listen).host), ":", port);
  state_->server->GetHealthCheckService()->SetServingStatus(true);
  publish_address(work_dir, state_->address);
  state_->ticker = std::thread([state = state_.get()] { state->tick_until_closed(); });
}

Server::~Server() {
  if (state_->server == nullptr) return;
  remove_address(state_->work_dir);
  state_->status.close();
  {
    const MutexLock lock(state_->mutex);
    state_->closing = true;
  }
  state_->closed.notify_all();
  if (state_->ticker.joinable()) state_->ticker.join();
  state_->server->GetHealthCheckService()->SetServingStatus(false);
  state_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(3));
  state_->server->Wait();
}

const std::string& Server::address() const { return state_->address; }

}  // namespace helip::coordinator
