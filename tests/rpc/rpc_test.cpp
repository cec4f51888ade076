#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "common/error.h"
#include "rpc/backoff.h"
#include "rpc/convert.h"
#include "rpc/job_status.h"
#include "rpc/scheduler_client.h"
#include "rpc/status_client.h"

using namespace helip;
using namespace helip::rpc;

namespace {

TrainNumbers train_numbers() {
  return {1,
          2,
          3.5,
          4.5,
          5.5,
          6.5,
          7.0,
          7.5,
          8.5,
          9.5,
          0.25,
          10,
          {{"dev", "acc1", 0.5}, {"pairs", "mean_recall@1", 0.25}},
          7};
}

WorkerStatus worker_status() {
  return {WorkerId{1},           "launch", 2, 3, "host", 4,  "cuda:0",
          WorkerState::kWorking, "mine/x", 5, 6, 7.5,    8.5};
}

StageStatus stage_status() {
  return {jobs::Stage::kMine, StageState::kRunning, 1, 2, 3.5, 4.5, "targets", 5.5, 6.5};
}

JobStatus job_status() {
  JobStatus status;
  status.state = JobState::kFailed;
  status.stage = jobs::Stage::kTrain;
  status.stages = {stage_status()};
  status.train = train_numbers();
  status.workers = {worker_status()};
  status.failure = "task \"x\" failed";
  status.work_dir = "/w";
  status.config_digest = "abc";
  status.elapsed_seconds = 1.5;
  status.eta_seconds = -1;
  status.quarantined = 4;
  return status;
}

template <jobs::Record T>
void check_fields(const google::protobuf::Message& proto) {
  std::set<std::string> listed, sent;
  std::apply([&](const auto&... each) { (listed.insert(each.name), ...); }, T::fields());
  for (int i = 0; i < proto.GetDescriptor()->field_count(); ++i) {
    sent.insert(proto.GetDescriptor()->field(i)->name());
  }
  CHECK(listed == sent);
}

template <jobs::Record T>
void check_round_trip(const T& value) {
  const auto proto = to_proto(value);
  check_fields<T>(proto);
  CHECK(from_proto<T>(proto) == value);
}

void check_round_trip(const AcquireReply& value) { CHECK(from_proto(to_proto(value)) == value); }

}  // namespace

TEST_CASE("every message survives Protobuf and back") {
  RegisterRequest request;
  request.protocol_version = 7;
  request.build = "b";
  request.config_digest = "c";
  request.corpus_fingerprint = "f";
  request.model_digest = "m";
  request.launch = "l";
  request.rank = 1;
  request.world_size = 2;
  request.host = "h";
  request.pid = 3;
  request.stages = {jobs::Stage::kIndex, jobs::Stage::kReport};
  check_round_trip(request);
  check_round_trip(RegisterReply{WorkerId{1}, 2, "w", "y", "d", 3.5, 4.5});
  LeaseProgress progress{TaskId{1}, Fence{2}, 3, 4, 5.5, train_numbers()};
  check_round_trip(HeartbeatRequest{WorkerId{1}, 2, "cpu", {progress}});
  progress.train.reset();
  check_round_trip(HeartbeatRequest{WorkerId{1}, 2, "cpu", {progress}});
  check_round_trip(HeartbeatReply{{TaskId{1}, TaskId{2}}, true, 0.5});
  check_round_trip(AcquireRequest{WorkerId{1}, 2, true});
  check_round_trip(AcquireReply{Lease{TaskId{1}, Fence{2}, 3, "{}"}});
  check_round_trip(AcquireReply{Wait{0.5}});
  check_round_trip(AcquireReply{EnterTraining{}});
  check_round_trip(AcquireReply{Leave{"done", true}});
  check_round_trip(CompleteRequest{TaskId{1}, Fence{2}, "sha", 3, 4.5});
  check_round_trip(FailRequest{TaskId{1}, Fence{2}, "boom", FailureKind::kData});
  check_round_trip(ReleaseRequest{TaskId{1}, Fence{2}});
  check_round_trip(
      TaskRow{TaskId{1}, jobs::Stage::kEval, "n", TaskState::kLeased, 2, Fence{3}, "s", "e"});
  check_round_trip(job_status());
  check_round_trip(worker_status());
}

TEST_CASE("a struct lists every field of its message, inside of other messages too") {
  check_fields<LeaseProgress>(v1::LeaseProgress());
  check_fields<TrainNumbers>(v1::TrainNumbers());
  check_fields<ScoreNumber>(v1::ScoreNumber());
  check_fields<StageStatus>(v1::StageStatus());
  check_fields<Lease>(v1::Lease());
  check_fields<Wait>(v1::Wait());
  check_fields<EnterTraining>(v1::EnterTraining());
  check_fields<Leave>(v1::Leave());
}

TEST_CASE("values of enums travel as the numbers that the messages give them") {
  CHECK(to_number(jobs::Stage::kIndex) == v1::STAGE_INDEX);
  CHECK(to_number(jobs::Stage::kReport) == v1::STAGE_REPORT);
  CHECK(to_number(TaskState::kPending) == v1::TASK_STATE_PENDING);
  CHECK(to_number(TaskState::kFailed) == v1::TASK_STATE_FAILED);
  CHECK(to_number(JobState::kRunning) == v1::JOB_STATE_RUNNING);
  CHECK(to_number(JobState::kStopped) == v1::JOB_STATE_STOPPED);
  CHECK(to_number(FailureKind::kTransient) == v1::FAILURE_KIND_TRANSIENT);
  CHECK(to_number(FailureKind::kData) == v1::FAILURE_KIND_DATA);
}

TEST_CASE("numbers that are no stage, state or kind are refused") {
  CHECK_THROWS_AS(from_number<jobs::Stage>(v1::STAGE_UNSPECIFIED), RpcError);
  CHECK_THROWS_AS(from_number<jobs::Stage>(7), RpcError);
  CHECK_THROWS_AS(from_number<TaskState>(v1::TASK_STATE_UNSPECIFIED), RpcError);
  CHECK_THROWS_WITH(from_proto<FailRequest>(v1::FailTaskRequest()),
                    "no such kind of failure; found 0");
  CHECK_THROWS_AS(from_proto(v1::AcquireTaskReply()), RpcError);
  CHECK_THROWS_WITH(from_proto<JobStatus>(v1::JobStatus()), "no such job state; found 0");
  v1::RegisterRequest request;
  request.add_stages(static_cast<v1::Stage>(7));
  CHECK_THROWS_WITH(from_proto<RegisterRequest>(request), "no such stage; found 7");
}

TEST_CASE("a status survives JSON and back, with its schema version") {
  const std::string json = to_json(job_status(), 123.5);
  const SavedStatus saved = job_status_from_json(json, "status.json");
  CHECK(saved.status == job_status());
  CHECK(saved.saved_at == 123.5);
  const auto object = nlohmann::json::parse(json);
  CHECK(object["schema_version"] == kStatusSchemaVersion);
  CHECK(object["eta_seconds"].is_null());
  CHECK(object["workers"][0]["task"] == "mine/x");
  CHECK_FALSE(nlohmann::json::parse(to_json(job_status())).contains("saved_at"));
}

TEST_CASE("a damaged status is refused, wherever it is cut") {
  const std::string json = to_json(job_status(), 1);
  for (std::size_t length = 0; length + 2 < json.size(); length += 7) {
    CHECK_THROWS_AS(job_status_from_json(json.substr(0, length), "status.json"), StoreError);
  }
  auto object = nlohmann::json::parse(json);
  object["schema_version"] = 99;
  CHECK_THROWS_WITH(job_status_from_json(object.dump(), "status.json"), Catch::Contains("99"));
  object = nlohmann::json::parse(json);
  object["state"] = "asleep";
  CHECK_THROWS_AS(job_status_from_json(object.dump(), "status.json"), StoreError);
  object = nlohmann::json::parse(json);
  object["stages"][0].erase("rate");
  CHECK_THROWS_AS(job_status_from_json(object.dump(), "status.json"), StoreError);
}

TEST_CASE("what is no address is refused before gRPC prints lines of its own about it") {
  for (const std::string address : {"", "host", ":80", "host:", "host:0", "host:65536", "host:x",
                                    "a b:80", "3:\x92?\xc1", "host:80\n", "dns:///host:80"}) {
    CAPTURE(address);
    CHECK_THROWS_AS(StatusClient(address, 1), ConfigError);
    CHECK_THROWS_AS(SchedulerClient(address), ConfigError);
  }
  CHECK_NOTHROW(StatusClient("[::1]:80", 1));
  CHECK_NOTHROW(StatusClient("node-07.cluster:65535", 1));
}

TEST_CASE("waits grow to the longest, are jittered, and start over after a success") {
  Backoff backoff(0.1, 2, 5), other(0.1, 2, 6);
  double bound = 0.1;
  bool differs = false;
  for (int i = 0; i < 12; ++i) {
    const double wait = backoff.next();
    CHECK(wait <= bound);
    CHECK(wait >= 0.1 * bound);
    differs = differs || wait != other.next();
    bound = std::min(2.0, 2 * bound);
  }
  CHECK(differs);
  backoff.reset();
  CHECK(backoff.next() <= 0.1);
}
