#include "rpc/channel.h"

#include <charconv>
#include <cstdint>
#include <string_view>

#include "common/error.h"

namespace helip::rpc {
namespace {

bool is_address(std::string_view address) {
  constexpr std::string_view kOfHosts =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:[]%";
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  if (address.substr(0, colon).find_first_not_of(kOfHosts) != std::string_view::npos) return false;
  const std::string_view text = address.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0;
}

}  // namespace

std::shared_ptr<grpc::Channel> open_channel(const std::string& address) {
  // gRPC itself prints lines about what is no address.
  if (!is_address(address)) {
    throw ConfigError({.what = "not an address",
                       .where = "the coordinator's address",
                       .expected = "HOST:PORT",
                       .found = address.empty() ? "nothing" : address});
  }
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
