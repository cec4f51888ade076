// gRPC channels and statuses in our terms. Only rpc and coordinator include this.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "rpc/scheduler.h"

namespace helip::rpc {

// Returns an insecure channel (loopback, or a network that was said to be trusted). No HTTP proxy
// is ever used. Throws ConfigError if `address` is not HOST:PORT.
std::shared_ptr<grpc::Channel> open_channel(const std::string& address);

// Returns the status that a handler answers with.
grpc::Status to_status(const RpcError& error);
// Throws the RpcError that `status` stands for. Returns if it is OK. `where` names address and
// method.
void throw_unless_ok(const grpc::Status& status, const std::string& where);

}  // namespace helip::rpc
