#include "rpc/job_status.h"

#include <type_traits>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"

namespace helip::rpc {
namespace {

JobState job_state_from(const std::string& name) {
  for (const JobState state :
       {JobState::kRunning, JobState::kDone, JobState::kFailed, JobState::kStopped}) {
    if (name_of(state) == name) return state;
  }
  throw StoreError({.what = "unknown job state", .found = name});
}

template <jobs::Record T>
OrderedJson to_object(const T& record);

template <typename T>
OrderedJson to_value(const T& value) {
  if constexpr (jobs::Record<T>) {
    return to_object(value);
  } else if constexpr (jobs::Id<T>) {
    return number(value);
  } else if constexpr (std::is_enum_v<T>) {
    return name_of(value);
  } else {
    return value;
  }
}

template <typename T>
OrderedJson to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : OrderedJson(nullptr);
}

template <jobs::Record T>
OrderedJson to_value(const std::vector<T>& values) {
  OrderedJson list = OrderedJson::array();
  for (const T& value : values) list.push_back(to_object(value));
  return list;
}

// Adds a member of a record under its name.
template <typename Struct, typename Value>
void add(OrderedJson& object, const jobs::Field<Struct, Value>& each, const Value& value) {
  object[each.name] = to_value(value);
}

template <typename Struct>
void add(OrderedJson& object, const TimeField<Struct>& each, double seconds) {
  object[each.name] = seconds < 0 ? OrderedJson(nullptr) : OrderedJson(seconds);
}

template <jobs::Record T>
void add_fields(OrderedJson& object, const T& record) {
  jobs::for_each_field(record,
                       [&](const auto& each, const auto& value) { add(object, each, value); });
}

template <jobs::Record T>
OrderedJson to_object(const T& record) {
  OrderedJson object = OrderedJson::object();
  add_fields(object, record);
  return object;
}

// Reads a status. `where` names its source in messages.
struct StatusReader {
  std::string_view where;

  template <jobs::Record T>
  [[nodiscard]] T record(const OrderedJson& object) const {
    T made;
    jobs::for_each_field(
        made, [&](const auto& each, auto& value) { take(object.at(each.name), each, value); });
    return made;
  }

 private:
  template <typename Struct, typename Value>
  void take(const OrderedJson& json, const jobs::Field<Struct, Value>& /*each*/,
            Value& value) const {
    read(json, value);
  }
  template <typename Struct>
  void take(const OrderedJson& json, const TimeField<Struct>& /*each*/, double& seconds) const {
    seconds = json.is_null() ? -1.0 : json.get<double>();
  }

  template <typename T>
  void read(const OrderedJson& json, T& value) const {
    if constexpr (jobs::Record<T>) {
      value = record<T>(json);
    } else if constexpr (jobs::Id<T>) {
      value = T{json.get<std::uint64_t>()};
    } else {
      json.get_to(value);
    }
  }
  void read(const OrderedJson& json, jobs::Stage& stage) const {
    stage = jobs::stage_from_name(json.get<std::string>(), where);
  }
  void read(const OrderedJson& json, JobState& state) const {
    state = job_state_from(json.get<std::string>());
  }
  template <typename T>
  void read(const OrderedJson& json, std::optional<T>& value) const {
    if (!json.is_null()) read(json, value.emplace());
  }
  template <jobs::Record T>
  void read(const OrderedJson& json, std::vector<T>& values) const {
    for (const OrderedJson& item : json) values.push_back(record<T>(item));
  }
};

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
  OrderedJson object = {{"schema_version", kStatusSchemaVersion}};
  add_fields(object, status);
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
    return {.status = StatusReader{where}.record<JobStatus>(object),
            .saved_at = object.value("saved_at", 0.0)};
  } catch (const JsonError& error) {
    throw StoreError(
        {.what = "the status is damaged", .where = std::string(where), .found = error.what()});
  } catch (const ConfigError& error) {
    throw StoreError({.what = error.what(), .where = std::string(where)});
  }
}

}  // namespace helip::rpc
