// The services over real gRPC on loopback.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <catch2/catch.hpp>
#include <thread>

#include "common/error.h"
#include "coordinator/job_fixture.h"
#include "coordinator/listen_check.h"
#include "coordinator/server.h"
#include "helip/v1/scheduler.grpc.pb.h"
#include "rpc/channel.h"
#include "rpc/convert.h"
#include "rpc/scheduler_client.h"
#include "rpc/status_client.h"

using namespace helip;
using coordinator::Server;
using coordinator::ServerOptions;
using test::JobFixture;

namespace {

struct Served : JobFixture {
  Served() : server(*job, work_dir, ServerOptions{}) {}
  Server server;
};

rpc::RegisterRequest somebody() {
  rpc::RegisterRequest request;
  request.launch = "launch";
  request.host = "host";
  request.pid = 42;
  request.stages = {jobs::kStages.begin(), jobs::kStages.end()};
  return request;
}

}  // namespace

TEST_CASE("a worker's calls go through gRPC") {
  Served served;
  rpc::SchedulerClient client(served.server.address());
  const rpc::RegisterReply me = client.register_worker(somebody());
  CHECK(me.work_dir == served.work_dir.root().string());
  CHECK_FALSE(me.config_yaml.empty());

  rpc::AcquireRequest ask;
  ask.worker = me.worker;
  ask.epoch = me.epoch;
  const auto lease = std::get<rpc::Lease>(client.acquire(ask));
  rpc::HeartbeatRequest beat;
  beat.worker = me.worker;
  beat.epoch = me.epoch;
  beat.device = "cpu";
  rpc::LeaseProgress progress;
  progress.task = lease.task;
  progress.fence = lease.fence;
  progress.done = 1;
  progress.total = 4;
  beat.leases = {progress};
  const rpc::HeartbeatReply reply = client.heartbeat(beat);
  CHECK(reply.lost.empty());
  CHECK(reply.next_seconds > 0);

  rpc::StatusClient status(served.server.address());
  const auto workers = status.workers();
  REQUIRE(workers.size() == 1);
  CHECK(workers[0].pid == 42);
  CHECK(workers[0].device == "cpu");
  CHECK(workers[0].done == 1);

  client.complete(served.finished(lease));
  client.complete(served.finished(lease));
  CHECK(status.status().stage == jobs::Stage::kEncode);
  const auto tasks = status.tasks();
  REQUIRE(tasks.size() == 4);
  CHECK(tasks[0].state == rpc::TaskState::kDone);
  CHECK(tasks[1].name == "range-0000000000");
}

TEST_CASE("refusals come through as what they are") {
  Served served;
  rpc::SchedulerClient client(served.server.address());
  auto stranger = somebody();
  stranger.build = "other";
  try {
    client.register_worker(stranger);
    FAIL("not refused");
  } catch (const rpc::RpcError& error) {
    CHECK(error.code() == rpc::RpcCode::kFailedPrecondition);
    CHECK_THAT(error.what(), Catch::Contains("build"));
  }
  try {
    client.heartbeat({});
    FAIL("not refused");
  } catch (const rpc::RpcError& error) {
    CHECK(error.code() == rpc::RpcCode::kNotFound);
  }
}

TEST_CASE("malformed messages are refused and the server lives on") {
  Served served;
  const auto stub = v1::Scheduler::NewStub(rpc::open_channel(served.server.address()));
  {
    grpc::ClientContext context;
    v1::RegisterRequest request = rpc::to_proto(somebody());
    request.add_stages(static_cast<v1::Stage>(77));
    v1::RegisterReply reply;
    CHECK(stub->Register(&context, request, &reply).error_code() ==
          grpc::StatusCode::INVALID_ARGUMENT);
  }
  {
    grpc::ClientContext context;
    v1::RegisterRequest request;
    v1::RegisterReply reply;
    CHECK(stub->Register(&context, request, &reply).error_code() ==
          grpc::StatusCode::INVALID_ARGUMENT);
  }
  {
    grpc::ClientContext context;
    v1::CompleteTaskRequest request;
    request.set_sha256(std::string(2 << 20, 'x'));
    v1::CompleteTaskReply reply;
    CHECK(stub->CompleteTask(&context, request, &reply).error_code() ==
          grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
  CHECK(rpc::StatusClient(served.server.address()).status().state == rpc::JobState::kRunning);
}

TEST_CASE("a watcher gets snapshots until the job ends") {
  Served served;
  int snapshots = 0;
  std::thread worker;
  rpc::StatusClient(served.server.address()).watch(0.2, [&](const rpc::JobStatus& status) {
    if (++snapshots == 1) {
      worker = std::thread([&] { served.work_until_told_to_leave(served.enroll()); });
    }
    if (status.state == rpc::JobState::kDone) CHECK(snapshots > 1);
    return true;
  });
  worker.join();
  CHECK(snapshots > 1);
  CHECK(served.job->state() == rpc::JobState::kDone);
}

TEST_CASE("the server closes with watchers on it") {
  JobFixture fixture;
  auto server = std::make_unique<Server>(*fixture.job, fixture.work_dir, ServerOptions{});
  std::vector<std::thread> watchers;
  std::atomic<int> watching = 0;
  for (int i = 0; i < 20; ++i) {
    watchers.emplace_back([&, address = server->address()] {
      bool first = true;
      try {
        rpc::StatusClient(address).watch(0.2, [&](const rpc::JobStatus&) {
          if (first) ++watching;
          first = false;
          return true;
        });
      } catch (const rpc::RpcError&) {
        // A stream may be cut by the closing server.
      }
    });
  }
  while (watching < 20) std::this_thread::yield();
  server.reset();
  for (std::thread& watcher : watchers) watcher.join();
  CHECK_FALSE(std::filesystem::exists(fixture.work_dir.address()));
}

TEST_CASE("nobody listening is a coordinator that cannot be reached") {
  std::string address;
  {
    Served served;
    address = served.server.address();
    CHECK(read_text_file(served.work_dir.address()) == address + "\n");
  }
  try {
    rpc::StatusClient(address, 1).status();
    FAIL("somebody answered");
  } catch (const rpc::RpcError& error) {
    CHECK(error.code() == rpc::RpcCode::kUnavailable);
    CHECK_THAT(error.what(), Catch::Contains(address));
  }
}

namespace {

// A call as grpcurl would make it: method by name, message as bytes.
std::string call_by_name(const std::string& address, const std::string& method,
                         const std::string& message) {
  grpc::GenericStub stub(rpc::open_channel(address));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice slice(message);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer reply;
  grpc::Status status;
  const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
  call->StartCall();
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  REQUIRE(queue.Next(&tag, &ok));
  INFO(status.error_message());
  REQUIRE(status.ok());
  std::vector<grpc::Slice> slices;
  REQUIRE(reply.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& part : slices) {
    bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
  }
  return bytes;
}

}  // namespace

TEST_CASE("health says serving, and reflection lists the services") {
  Served served;
  // HealthCheckResponse{status: SERVING}
  CHECK(call_by_name(served.server.address(), "/grpc.health.v1.Health/Check", "") == "\x08\x01");
  // ServerReflectionRequest{list_services: "*"}
  const std::string services =
      call_by_name(served.server.address(),
                   "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*");
  CHECK_THAT(services, Catch::Contains("helip.v1.Scheduler") && Catch::Contains("helip.v1.Status"));
}

TEST_CASE("beyond loopback the server listens only when told to trust the network") {
  JobFixture fixture;
  ServerOptions options;
  options.listen = "0.0.0.0:0";
  CHECK_THROWS_WITH(Server(*fixture.job, fixture.work_dir, options),
                    Catch::Contains("--insecure-network") && Catch::Contains("mutual TLS"));
  options.insecure_network = true;
  const Server server(*fixture.job, fixture.work_dir, options);
  CHECK_FALSE(server.address().starts_with("0.0.0.0"));
  CHECK(coordinator::is_loopback("127.3.0.1:0"));
  CHECK(coordinator::is_loopback("[::1]:0"));
  CHECK_FALSE(coordinator::is_loopback("10.0.0.1:80"));
  CHECK_THROWS_AS(coordinator::is_loopback("127.0.0.1"), ConfigError);
}
