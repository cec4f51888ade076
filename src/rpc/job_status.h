// A job's state for people: what `helip status` shows, WORK/status.json keeps and the Status
// service sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "jobs/stage.h"
#include "rpc/scheduler.h"

namespace helip::rpc {

inline constexpr int kStatusSchemaVersion = 1;

// Lists a time in seconds that is unknown where it is negative. JSON then has null, which no
// dashboard adds up.
template <typename Struct>
struct TimeField {
  const char* name;
  double Struct::*member;
};

template <typename Struct>
constexpr TimeField<Struct> unknown_if_negative(const char* name, double Struct::*member) {
  return {name, member};
}

enum class JobState { kRunning = 1, kDone, kFailed, kStopped };
// Returns running, done, failed or stopped.
std::string_view name_of(JobState state);

enum class TaskState { kPending = 1, kLeased, kDone, kFailed };
// Returns pending, leased, done or failed.
std::string_view name_of(TaskState state);

struct StageStatus {
  jobs::Stage stage = jobs::Stage::kIndex;
  std::string state;  // skipped | waiting | running | done
  std::uint64_t tasks_done = 0, tasks_total = 0;
  double done = 0, total = 0;  // in units
  std::string unit;            // samples | targets | steps | tasks
  double rate = 0;             // units a second
  double eta_seconds = -1;     // negative: unknown

  bool operator==(const StageStatus&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("stage", &StageStatus::stage),
                      field("state", &StageStatus::state),
                      field("tasks_done", &StageStatus::tasks_done),
                      field("tasks_total", &StageStatus::tasks_total),
                      field("done", &StageStatus::done),
                      field("total", &StageStatus::total),
                      field("unit", &StageStatus::unit),
                      field("rate", &StageStatus::rate),
                      unknown_if_negative("eta_seconds", &StageStatus::eta_seconds)};
  }
};

struct WorkerStatus {
  WorkerId worker{};
  std::string launch;
  std::uint32_t rank = 0, world_size = 1;
  std::string host;
  std::int64_t pid = 0;
  std::string device, state, task;  // state: idle | working | training | lost
  std::uint64_t done = 0, total = 0;
  double rate = 0;
  double silent_seconds = 0;

  bool operator==(const WorkerStatus&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("worker", &WorkerStatus::worker),
                      field("launch", &WorkerStatus::launch),
                      field("rank", &WorkerStatus::rank),
                      field("world_size", &WorkerStatus::world_size),
                      field("host", &WorkerStatus::host),
                      field("pid", &WorkerStatus::pid),
                      field("device", &WorkerStatus::device),
                      field("state", &WorkerStatus::state),
                      field("task", &WorkerStatus::task),
                      field("done", &WorkerStatus::done),
                      field("total", &WorkerStatus::total),
                      field("rate", &WorkerStatus::rate),
                      field("silent_seconds", &WorkerStatus::silent_seconds)};
  }
};

struct JobStatus {
  JobState state = JobState::kRunning;
  std::optional<jobs::Stage> stage;  // in progress
  std::vector<StageStatus> stages;
  std::optional<TrainNumbers> train;
  std::vector<WorkerStatus> workers;
  std::string failure, work_dir, config_digest;
  double elapsed_seconds = 0, eta_seconds = -1;
  std::uint64_t quarantined = 0;  // pairs that encode could not read; 0 before it is done

  bool operator==(const JobStatus&) const = default;
  // Lists them in the order of status.json.
  static constexpr auto fields() {
    return std::tuple{field("state", &JobStatus::state),
                      field("stage", &JobStatus::stage),
                      unknown_if_negative("eta_seconds", &JobStatus::eta_seconds),
                      field("elapsed_seconds", &JobStatus::elapsed_seconds),
                      field("quarantined", &JobStatus::quarantined),
                      field("stages", &JobStatus::stages),
                      field("train", &JobStatus::train),
                      field("workers", &JobStatus::workers),
                      field("failure", &JobStatus::failure),
                      field("work_dir", &JobStatus::work_dir),
                      field("config_digest", &JobStatus::config_digest)};
  }
};

struct TaskRow {
  TaskId task{};
  jobs::Stage stage = jobs::Stage::kIndex;
  std::string name;
  TaskState state = TaskState::kPending;
  std::uint32_t attempts = 0;
  Fence fence{};
  std::string result_sha256, last_error;

  bool operator==(const TaskRow&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("task", &TaskRow::task),
                      field("stage", &TaskRow::stage),
                      field("name", &TaskRow::name),
                      field("state", &TaskRow::state),
                      field("attempts", &TaskRow::attempts),
                      field("fence", &TaskRow::fence),
                      field("result_sha256", &TaskRow::result_sha256),
                      field("last_error", &TaskRow::last_error)};
  }
};

// Returns one JSON object with "schema_version". `saved_at`, seconds since 1970, goes in when
// positive (a snapshot on disk).
std::string to_json(const JobStatus& status, double saved_at = 0);

struct SavedStatus {
  JobStatus status;
  double saved_at = 0;
};
// Returns what to_json() wrote. Throws StoreError naming `where` if it is damaged or of another
// schema version.
SavedStatus job_status_from_json(std::string_view json, std::string_view where);

}  // namespace helip::rpc
