#include "rpc/convert.h"

#include "common/error.h"
#include "common/text.h"

namespace helip::rpc {

void refuse(const char* what, int found) {
  throw RpcError(RpcCode::kInvalidArgument, {.what = what, .found = cat(found)});
}

const FieldDescriptor* field_of(const Message& message, const char* name) {
  const FieldDescriptor* found = message.GetDescriptor()->FindFieldByName(name);
  if (found != nullptr) return found;
  throw Error({.what = "a message lacks a field of its struct",
               .where = message.GetDescriptor()->full_name(),
               .expected = name});
}

v1::AcquireTaskReply to_proto(const AcquireReply& reply) {
  v1::AcquireTaskReply proto;
  if (const auto* wait = std::get_if<Wait>(&reply)) {
    write_fields(*wait, *proto.mutable_wait());
  } else if (const auto* lease = std::get_if<Lease>(&reply)) {
    write_fields(*lease, *proto.mutable_lease());
  } else if (const auto* leave = std::get_if<Leave>(&reply)) {
    write_fields(*leave, *proto.mutable_leave());
  } else {
    proto.mutable_enter_training();
  }
  return proto;
}

AcquireReply from_proto(const v1::AcquireTaskReply& proto) {
  switch (proto.answer_case()) {
    case v1::AcquireTaskReply::kLease:
      return read_fields<Lease>(proto.lease());
    case v1::AcquireTaskReply::kWait:
      return read_fields<Wait>(proto.wait());
    case v1::AcquireTaskReply::kEnterTraining:
      return EnterTraining{};
    case v1::AcquireTaskReply::kLeave:
      return read_fields<Leave>(proto.leave());
    case v1::AcquireTaskReply::ANSWER_NOT_SET:
      break;
  }
  refuse("an answer of no known kind", proto.answer_case());
}

}  // namespace helip::rpc
