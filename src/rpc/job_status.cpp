#include "rpc/job_status.h"

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"

namespace helip::rpc {
namespace {

// Unknown times are null, never a negative number that a dashboard would add up.
OrderedJson seconds_or_null(double seconds) {
  return seconds < 0 ? OrderedJson(nullptr) : OrderedJson(seconds);
}

double seconds_from(const OrderedJson& value) {
  return value.is_null() ? -1.0 : value.get<double>();
}

OrderedJson to_object(const TrainNumbers& train) {
  return {{"step", train.step},
          {"steps", train.steps},
          {"epoch", train.epoch},
          {"loss", train.loss},
          {"contrastive_loss", train.contrastive_loss},
          {"margin_loss", train.margin_loss},
          {"ssl_loss", train.ssl_loss ? OrderedJson(*train.ssl_loss) : OrderedJson(nullptr)},
          {"lr", train.lr},
          {"logit_scale", train.logit_scale},
          {"samples_per_second", train.samples_per_second},
          {"data_share", train.data_share},
          {"seed", train.seed}};
}

OrderedJson to_object(const StageStatus& stage) {
  return {{"stage", name_of(stage.stage)},
          {"state", stage.state},
          {"tasks_done", stage.tasks_done},
          {"tasks_total", stage.tasks_total},
          {"done", stage.done},
          {"total", stage.total},
          {"unit", stage.unit},
          {"rate", stage.rate},
          {"eta_seconds", seconds_or_null(stage.eta_seconds)}};
}

OrderedJson to_object(const WorkerStatus& worker) {
  return {{"worker", number(worker.worker)},
          {"launch", worker.launch},
          {"rank", worker.rank},
          {"world_size", worker.world_size},
          {"host", worker.host},
          {"pid", worker.pid},
          {"device", worker.device},
          {"state", worker.state},
          {"task", worker.task},
          {"done", worker.done},
          {"total", worker.total},
          {"rate", worker.rate},
          {"silent_seconds", worker.silent_seconds}};
}

TrainNumbers train_from(const OrderedJson& object) {
  TrainNumbers train;
  object.at("step").get_to(train.step);
  object.at("steps").get_to(train.steps);
  object.at("epoch").get_to(train.epoch);
  object.at("loss").get_to(train.loss);
  object.at("contrastive_loss").get_to(train.contrastive_loss);
  object.at("margin_loss").get_to(train.margin_loss);
  if (!object.at("ssl_loss").is_null()) train.ssl_loss = object.at("ssl_loss").get<double>();
  object.at("lr").get_to(train.lr);
  object.at("logit_scale").get_to(train.logit_scale);
  object.at("samples_per_second").get_to(train.samples_per_second);
  object.at("data_share").get_to(train.data_share);
  object.at("seed").get_to(train.seed);
  return train;
}

StageStatus stage_from(const OrderedJson& object, std::string_view where) {
  StageStatus stage;
  stage.stage = jobs::stage_from_name(object.at("stage").get<std::string>(), where);
  object.at("state").get_to(stage.state);
  object.at("tasks_done").get_to(stage.tasks_done);
  object.at("tasks_total").get_to(stage.tasks_total);
  object.at("done").get_to(stage.done);
  object.at("total").get_to(stage.total);
  object.at("unit").get_to(stage.unit);
  object.at("rate").get_to(stage.rate);
  stage.eta_seconds = seconds_from(object.at("eta_seconds"));
  return stage;
}

WorkerStatus worker_from(const OrderedJson& object) {
  WorkerStatus worker;
  worker.worker = WorkerId{object.at("worker").get<std::uint64_t>()};
  object.at("launch").get_to(worker.launch);
  object.at("rank").get_to(worker.rank);
  object.at("world_size").get_to(worker.world_size);
  object.at("host").get_to(worker.host);
  object.at("pid").get_to(worker.pid);
  object.at("device").get_to(worker.device);
  object.at("state").get_to(worker.state);
  object.at("task").get_to(worker.task);
  object.at("done").get_to(worker.done);
  object.at("total").get_to(worker.total);
  object.at("rate").get_to(worker.rate);
  object.at("silent_seconds").get_to(worker.silent_seconds);
  return worker;
}

JobState job_state_from(const std::string& name) {
  for (const JobState state :
       {JobState::kRunning, JobState::kDone, JobState::kFailed, JobState::kStopped}) {
    if (name_of(state) == name) return state;
  }
  throw StoreError({.what = "unknown job state", .found = name});
}

JobStatus status_from(const OrderedJson& object, std::string_view where) {
  JobStatus status;
  status.state = job_state_from(object.at("state").get<std::string>());
  if (!object.at("stage").is_null()) {
    status.stage = jobs::stage_from_name(object.at("stage").get<std::string>(), where);
  }
  for (const auto& stage : object.at("stages")) status.stages.push_back(stage_from(stage, where));
  if (!object.at("train").is_null()) status.train = train_from(object.at("train"));
  for (const auto& worker : object.at("workers")) status.workers.push_back(worker_from(worker));
  object.at("failure").get_to(status.failure);
  object.at("work_dir").get_to(status.work_dir);
  object.at("config_digest").get_to(status.config_digest);
  object.at("elapsed_seconds").get_to(status.elapsed_seconds);
  object.at("quarantined").get_to(status.quarantined);
  status.eta_seconds = seconds_from(object.at("eta_seconds"));
  return status;
}

}  // namespace

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::kRunning:
      return "running";
    case JobState::kDone:
      return "done";
    case JobState::kFailed:
      return "failed";
    case JobState::kStopped:
      return "stopped";
  }
  return "unknown";
}

std::string_view name_of(TaskState state) {
  switch (state) {
    case TaskState::kPending:
      return "pending";
    case TaskState::kLeased:
      return "leased";
    case TaskState::kDone:
      return "done";
    case TaskState::kFailed:
      return "failed";
  }
  return "unknown";
}

std::string to_json(const JobStatus& status, double saved_at) {
  OrderedJson object = {{"schema_version", kStatusSchemaVersion}, {"state", name_of(status.state)}};
  object["stage"] = status.stage ? OrderedJson(name_of(*status.stage)) : OrderedJson(nullptr);
  object["eta_seconds"] = seconds_or_null(status.eta_seconds);
  object["elapsed_seconds"] = status.elapsed_seconds;
  object["quarantined"] = status.quarantined;
  object["stages"] = OrderedJson::array();
  for (const StageStatus& stage : status.stages) object["stages"].push_back(to_object(stage));
  object["train"] = status.train ? to_object(*status.train) : OrderedJson(nullptr);
  object["workers"] = OrderedJson::array();
  for (const WorkerStatus& worker : status.workers) object["workers"].push_back(to_object(worker));
  object["failure"] = status.failure;
  object["work_dir"] = status.work_dir;
  object["config_digest"] = status.config_digest;
  if (saved_at > 0) object["saved_at"] = saved_at;
  return object.dump(2, ' ', false, JsonText::replace) + "\n";
}

SavedStatus job_status_from_json(std::string_view text, std::string_view where) {
  try {
    const OrderedJson object = OrderedJson::parse(text);
    if (object.at("schema_version").get<int>() != kStatusSchemaVersion) {
      throw StoreError({.what = "a status of another schema version",
                        .where = std::string(where),
                        .expected = cat(kStatusSchemaVersion),
                        .found = object.at("schema_version").dump()});
    }
    return {.status = status_from(object, where), .saved_at = object.value("saved_at", 0.0)};
  } catch (const JsonError& error) {
    throw StoreError(
        {.what = "the status is damaged", .where = std::string(where), .found = error.what()});
  } catch (const ConfigError& error) {
    throw StoreError({.what = error.what(), .where = std::string(where)});
  }
}

}  // namespace helip::rpc
