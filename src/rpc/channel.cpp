#include "rpc/channel.h"

namespace helip::rpc {

std::shared_ptr<grpc::Channel> open_channel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  // A channel of its own for each client, so that one that is stuck does not hold up another.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

grpc::Status to_status(const RpcError& error) {
  const auto code = [&] {
    switch (error.code()) {
      case RpcCode::kInvalidArgument:
        return grpc::StatusCode::INVALID_ARGUMENT;
      case RpcCode::kNotFound:
        return grpc::StatusCode::NOT_FOUND;
      case RpcCode::kFailedPrecondition:
        return grpc::StatusCode::FAILED_PRECONDITION;
      case RpcCode::kResourceExhausted:
        return grpc::StatusCode::RESOURCE_EXHAUSTED;
      case RpcCode::kUnavailable:
        return grpc::StatusCode::UNAVAILABLE;
      case RpcCode::kInternal:
        break;
    }
    return grpc::StatusCode::INTERNAL;
  }();
  return {code, error.what()};
}

void throw_unless_ok(const grpc::Status& status, const std::string& where) {
  if (status.ok()) return;
  const auto code = [&] {
    switch (status.error_code()) {
      case grpc::StatusCode::INVALID_ARGUMENT:
        return RpcCode::kInvalidArgument;
      case grpc::StatusCode::NOT_FOUND:
        return RpcCode::kNotFound;
      case grpc::StatusCode::FAILED_PRECONDITION:
        return RpcCode::kFailedPrecondition;
      case grpc::StatusCode::RESOURCE_EXHAUSTED:
        return RpcCode::kResourceExhausted;
      case grpc::StatusCode::UNAVAILABLE:
      case grpc::StatusCode::DEADLINE_EXCEEDED:
      case grpc::StatusCode::CANCELLED:
        return RpcCode::kUnavailable;
      default:
        return RpcCode::kInternal;
    }
  }();
  // What the coordinator refuses is a whole sentence already.
  if (code != RpcCode::kUnavailable && code != RpcCode::kInternal) {
    throw RpcError(code, {.what = status.error_message()});
  }
  throw RpcError(code, {.what = code == RpcCode::kUnavailable ? "the coordinator cannot be reached"
                                                              : "the coordinator failed",
                        .where = where,
                        .found = status.error_message()});
}

}  // namespace helip::rpc
