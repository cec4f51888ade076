// Copies a struct into its Protobuf message and back, by the struct's list of members
// (jobs/field.h) and Protobuf's reflection: a member's name is its field's. Only rpc and
// coordinator include this.
//
// A name that the message lacks throws Error, and a field of another type ends the process: slips
// of a programmer, which the tests of rpc find.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/field.h"
#include "jobs/stage.h"
#include "rpc/job_status.h"
#include "rpc/scheduler.h"

namespace helip::rpc {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// How an enum travels: its first value as 1, its last as kLast; 0 stands for no value.
template <typename Enum>
struct MessageEnum;
template <>
struct MessageEnum<jobs::Stage> {
  static constexpr auto kFirst = jobs::Stage::kIndex;
  static constexpr int kLast = static_cast<int>(jobs::kStages.size());
  static constexpr const char* kUnknown = "no such stage";
};
template <>
struct MessageEnum<TaskState> {
  static constexpr auto kFirst = TaskState::kPending;
  static constexpr int kLast = 4;
  static constexpr const char* kUnknown = "no such task state";
};
template <>
struct MessageEnum<JobState> {
  static constexpr auto kFirst = JobState::kRunning;
  static constexpr int kLast = 4;
  static constexpr const char* kUnknown = "no such job state";
};
template <>
struct MessageEnum<FailureKind> {
  static constexpr auto kFirst = FailureKind::kTransient;
  static constexpr int kLast = 3;
  static constexpr const char* kUnknown = "no such kind of failure";
};

template <typename T>
concept Enumerated = requires {
  MessageEnum<T>::kLast;
};

// Throws RpcError kInvalidArgument: the message holds a number that has no meaning.
[[noreturn]] void refuse(const char* what, int found);

template <Enumerated T>
int to_number(T value) {
  return static_cast<int>(value) - static_cast<int>(MessageEnum<T>::kFirst) + 1;
}

// Throws as refuse() if no value travels as this number.
template <Enumerated T>
T from_number(int number) {
  if (number < 1 || number > MessageEnum<T>::kLast) refuse(MessageEnum<T>::kUnknown, number);
  return static_cast<T>(number - 1 + static_cast<int>(MessageEnum<T>::kFirst));
}

// A field of a message that is written, or read.
struct FieldToWrite {
  Message* message;
  const FieldDescriptor* field;
  const Reflection& access;
};
struct FieldToRead {
  const Message& message;
  const FieldDescriptor* field;
  const Reflection& access;
};

template <jobs::Record T>
void write_fields(const T& record, Message& message);
template <jobs::Record T>
T read_fields(const Message& message);

inline void put(FieldToWrite to, bool value) { to.access.SetBool(to.message, to.field, value); }
inline void put(FieldToWrite to, double value) { to.access.SetDouble(to.message, to.field, value); }
inline void put(FieldToWrite to, std::int64_t value) {
  to.access.SetInt64(to.message, to.field, value);
}
inline void put(FieldToWrite to, std::uint32_t value) {
  to.access.SetUInt32(to.message, to.field, value);
}
inline void put(FieldToWrite to, std::uint64_t value) {
  to.access.SetUInt64(to.message, to.field, value);
}
inline void put(FieldToWrite to, const std::string& value) {
  to.access.SetString(to.message, to.field, value);
}
template <jobs::Id T>
void put(FieldToWrite to, T value) {
  put(to, number(value));
}
template <Enumerated T>
void put(FieldToWrite to, T value) {
  to.access.SetEnumValue(to.message, to.field, to_number(value));
}
template <jobs::Record T>
void put(FieldToWrite to, const T& value) {
  write_fields(value, *to.access.MutableMessage(to.message, to.field));
}
template <typename T>
void put(FieldToWrite to, const std::optional<T>& value) {
  if (value) put(to, *value);
}
template <typename T>
void put(FieldToWrite to, const std::vector<T>& values) {
  for (const T& value : values) {
    if constexpr (jobs::Id<T>) {
      to.access.AddUInt64(to.message, to.field, number(value));
    } else if constexpr (Enumerated<T>) {
      to.access.AddEnumValue(to.message, to.field, to_number(value));
    } else {
      write_fields(value, *to.access.AddMessage(to.message, to.field));
    }
  }
}

inline void take(FieldToRead from, bool& value) {
  value = from.access.GetBool(from.message, from.field);
}
inline void take(FieldToRead from, double& value) {
  value = from.access.GetDouble(from.message, from.field);
}
inline void take(FieldToRead from, std::int64_t& value) {
  value = from.access.GetInt64(from.message, from.field);
}
inline void take(FieldToRead from, std::uint32_t& value) {
  value = from.access.GetUInt32(from.message, from.field);
}
inline void take(FieldToRead from, std::uint64_t& value) {
  value = from.access.GetUInt64(from.message, from.field);
}
inline void take(FieldToRead from, std::string& value) {
  value = from.access.GetString(from.message, from.field);
}
template <jobs::Id T>
void take(FieldToRead from, T& value) {
  value = T{from.access.GetUInt64(from.message, from.field)};
}
template <Enumerated T>
void take(FieldToRead from, T& value) {
  value = from_number<T>(from.access.GetEnumValue(from.message, from.field));
}
template <jobs::Record T>
void take(FieldToRead from, T& value) {
  value = read_fields<T>(from.access.GetMessage(from.message, from.field));
}
// A field that is absent is no value, and so is an enum's 0.
template <typename T>
void take(FieldToRead from, std::optional<T>& value) {
  if (from.access.HasField(from.message, from.field)) take(from, value.emplace());
}
template <typename T>
void take(FieldToRead from, std::vector<T>& values) {
  for (int i = 0; i < from.access.FieldSize(from.message, from.field); ++i) {
    if constexpr (jobs::Id<T>) {
      values.push_back(T{from.access.GetRepeatedUInt64(from.message, from.field, i)});
    } else if constexpr (Enumerated<T>) {
      const int number = from.access.GetRepeatedEnumValue(from.message, from.field, i);
      values.push_back(from_number<T>(number));
    } else {
      values.push_back(read_fields<T>(from.access.GetRepeatedMessage(from.message, from.field, i)));
    }
  }
}

// Throws Error naming the message and the field that it lacks.
const FieldDescriptor* field_of(const Message& message, const char* name);

template <jobs::Record T>
void write_fields(const T& record, Message& message) {
  jobs::for_each_field(record, [&](const auto& each, const auto& value) {
    put({&message, field_of(message, each.name), *message.GetReflection()}, value);
  });
}

template <jobs::Record T>
T read_fields(const Message& message) {
  T record;
  jobs::for_each_field(record, [&](const auto& each, auto& value) {
    take({message, field_of(message, each.name), *message.GetReflection()}, value);
  });
  return record;
}

}  // namespace helip::rpc
