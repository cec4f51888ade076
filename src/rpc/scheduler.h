// The scheduler as workers see it, without Protobuf: the coordinator's Job implements it,
// SchedulerClient calls it over gRPC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "common/error.h"
#include "jobs/field.h"
#include "jobs/stage.h"
#include "rpc/version.h"

namespace helip::rpc {

using jobs::field;

enum class TaskId : std::uint64_t {};
// Names one grant of a task: each grant has a higher one than any before.
enum class Fence : std::uint64_t {};
enum class WorkerId : std::uint64_t {};

constexpr std::uint64_t number(TaskId id) { return static_cast<std::uint64_t>(id); }
constexpr std::uint64_t number(Fence fence) { return static_cast<std::uint64_t>(fence); }
constexpr std::uint64_t number(WorkerId id) { return static_cast<std::uint64_t>(id); }

// Why a call was refused. kUnavailable: the coordinator cannot be reached; only clients throw it.
enum class RpcCode {
  kInvalidArgument,
  kNotFound,
  kFailedPrecondition,
  kResourceExhausted,
  kUnavailable,
  kInternal
};

class RpcError : public CommError {
 public:
  RpcError(RpcCode code, const Problem& problem) : CommError(problem), code_(code) {}
  [[nodiscard]] RpcCode code() const { return code_; }

 private:
  RpcCode code_;
};

// One figure of a model in training on a held-out data set (the section `scores`).
struct ScoreNumber {
  std::string dataset, metric;
  double value = 0;

  bool operator==(const ScoreNumber&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("dataset", &ScoreNumber::dataset),
                      field("metric", &ScoreNumber::metric), field("value", &ScoreNumber::value)};
  }
};

struct TrainNumbers {
  std::uint64_t step = 0, steps = 0;
  double epoch = 0;
  double loss = 0, contrastive_loss = 0, margin_loss = 0;
  std::optional<double> ssl_loss = {};  // of models with a self-supervised term
  double lr = 0, logit_scale = 0, samples_per_second = 0;
  double data_share = 0;  // of the time that goes into waiting for data
  std::uint64_t seed = 0;
  // The last scores, acc1 or mean_recall@1 of each data set, and the step that they are of.
  std::vector<ScoreNumber> scores = {};
  std::uint64_t scores_step = 0;

  bool operator==(const TrainNumbers&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("step", &TrainNumbers::step),
                      field("steps", &TrainNumbers::steps),
                      field("epoch", &TrainNumbers::epoch),
                      field("loss", &TrainNumbers::loss),
                      field("contrastive_loss", &TrainNumbers::contrastive_loss),
                      field("margin_loss", &TrainNumbers::margin_loss),
                      field("ssl_loss", &TrainNumbers::ssl_loss),
                      field("lr", &TrainNumbers::lr),
                      field("logit_scale", &TrainNumbers::logit_scale),
                      field("samples_per_second", &TrainNumbers::samples_per_second),
                      field("data_share", &TrainNumbers::data_share),
                      field("seed", &TrainNumbers::seed),
                      field("scores", &TrainNumbers::scores),
                      field("scores_step", &TrainNumbers::scores_step)};
  }
};

// Empty digests are not checked: the worker has not opened the thing yet.
struct RegisterRequest {
  std::uint32_t protocol_version = kProtocolVersion;
  std::string build = build_name();
  std::string config_digest, corpus_fingerprint, model_digest;
  std::string launch;  // equal for the ranks that one mpirun or srun started
  std::uint32_t rank = 0, world_size = 1;
  std::string host;
  std::int64_t pid = 0;
  std::vector<jobs::Stage> stages;

  bool operator==(const RegisterRequest&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("protocol_version", &RegisterRequest::protocol_version),
                      field("build", &RegisterRequest::build),
                      field("config_digest", &RegisterRequest::config_digest),
                      field("corpus_fingerprint", &RegisterRequest::corpus_fingerprint),
                      field("model_digest", &RegisterRequest::model_digest),
                      field("launch", &RegisterRequest::launch),
                      field("rank", &RegisterRequest::rank),
                      field("world_size", &RegisterRequest::world_size),
                      field("host", &RegisterRequest::host),
                      field("pid", &RegisterRequest::pid),
                      field("stages", &RegisterRequest::stages)};
  }
};

struct RegisterReply {
  WorkerId worker{};
  std::uint64_t epoch = 0;  // of the coordinator: rises at each of its starts
  std::string work_dir, config_yaml, config_digest;
  double heartbeat_seconds = 0, lease_seconds = 0;

  bool operator==(const RegisterReply&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("worker", &RegisterReply::worker),
                      field("epoch", &RegisterReply::epoch),
                      field("work_dir", &RegisterReply::work_dir),
                      field("config_yaml", &RegisterReply::config_yaml),
                      field("config_digest", &RegisterReply::config_digest),
                      field("heartbeat_seconds", &RegisterReply::heartbeat_seconds),
                      field("lease_seconds", &RegisterReply::lease_seconds)};
  }
};

struct LeaseProgress {
  TaskId task{};
  Fence fence{};
  std::uint64_t done = 0, total = 0;
  double rate = 0;  // units a second
  std::optional<TrainNumbers> train;

  bool operator==(const LeaseProgress&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("task", &LeaseProgress::task), field("fence", &LeaseProgress::fence),
                      field("done", &LeaseProgress::done), field("total", &LeaseProgress::total),
                      field("rate", &LeaseProgress::rate), field("train", &LeaseProgress::train)};
  }
};

struct HeartbeatRequest {
  WorkerId worker{};
  std::uint64_t epoch = 0;
  std::string device;
  std::vector<LeaseProgress> leases;

  bool operator==(const HeartbeatRequest&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        field("worker", &HeartbeatRequest::worker), field("epoch", &HeartbeatRequest::epoch),
        field("device", &HeartbeatRequest::device), field("leases", &HeartbeatRequest::leases)};
  }
};

struct HeartbeatReply {
  std::vector<TaskId> lost;
  bool stop = false;
  double next_seconds = 0;

  bool operator==(const HeartbeatReply&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("lost", &HeartbeatReply::lost), field("stop", &HeartbeatReply::stop),
                      field("next_seconds", &HeartbeatReply::next_seconds)};
  }
};

struct AcquireRequest {
  WorkerId worker{};
  std::uint64_t epoch = 0;
  bool in_group = false;

  bool operator==(const AcquireRequest&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("worker", &AcquireRequest::worker),
                      field("epoch", &AcquireRequest::epoch),
                      field("in_group", &AcquireRequest::in_group)};
  }
};

struct Lease {
  TaskId task{};
  Fence fence{};
  std::uint32_t attempt = 0;
  std::string spec;  // JSON of a jobs::Task

  bool operator==(const Lease&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("task", &Lease::task), field("fence", &Lease::fence),
                      field("attempt", &Lease::attempt), field("spec", &Lease::spec)};
  }
};
struct Wait {
  double seconds = 0;

  bool operator==(const Wait&) const = default;
  static constexpr auto fields() { return std::tuple{field("seconds", &Wait::seconds)}; }
};
struct EnterTraining {
  bool operator==(const EnterTraining&) const = default;
  static constexpr auto fields() { return std::tuple{}; }
};
struct Leave {
  std::string reason;
  bool failed = false;

  bool operator==(const Leave&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("reason", &Leave::reason), field("failed", &Leave::failed)};
  }
};
using AcquireReply = std::variant<Wait, Lease, EnterTraining, Leave>;

struct CompleteRequest {
  TaskId task{};
  Fence fence{};
  std::string sha256;
  std::uint64_t bytes = 0;
  // Units a second; 0: not measured. It sizes later tasks. The result itself is in the file.
  double rate = 0;

  bool operator==(const CompleteRequest&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        field("task", &CompleteRequest::task), field("fence", &CompleteRequest::fence),
        field("sha256", &CompleteRequest::sha256), field("bytes", &CompleteRequest::bytes),
        field("rate", &CompleteRequest::rate)};
  }
};

// transient: another attempt may succeed. config, data: no attempt will.
enum class FailureKind { kTransient, kConfig, kData };

struct FailRequest {
  TaskId task{};
  Fence fence{};
  std::string error;
  FailureKind kind = FailureKind::kTransient;

  bool operator==(const FailRequest&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("task", &FailRequest::task), field("fence", &FailRequest::fence),
                      field("error", &FailRequest::error), field("kind", &FailRequest::kind)};
  }
};

struct ReleaseRequest {
  TaskId task{};
  Fence fence{};

  bool operator==(const ReleaseRequest&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("task", &ReleaseRequest::task), field("fence", &ReleaseRequest::fence)};
  }
};

// Safe from many threads. Each call throws RpcError if it is refused.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  // Admits a worker. kFailedPrecondition names the first field that does not fit this job.
  virtual RegisterReply register_worker(const RegisterRequest& request) = 0;
  // Renews the worker's leases and takes its progress. kNotFound, here and in acquire(): the
  // coordinator does not know the worker, which must register again.
  virtual HeartbeatReply heartbeat(const HeartbeatRequest& request) = 0;
  // Returns a lease, or what to do while there is none.
  virtual AcquireReply acquire(const AcquireRequest& request) = 0;
  // Commits a result. An acknowledged call may be repeated. kFailedPrecondition, here and below:
  // the worker no longer holds the task.
  virtual void complete(const CompleteRequest& request) = 0;
  // Ends an attempt that has failed.
  virtual void fail(const FailRequest& request) = 0;
  // Hands a lease back. The attempt does not count.
  virtual void release(const ReleaseRequest& request) = 0;
};

}  // namespace helip::rpc
