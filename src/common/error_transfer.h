// Sends an error from one process to another as text and keeps its kind.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace helip {

// Returns as text the kind of `error` (ConfigError, DataError, StoreError, CommError or other) and
// the parts of its Problem. An error that is no helip::Error has line_of(error) as its only part.
std::string pack_error(const std::exception& error);

// Throws the error that pack_error() packed: the same kind and the same line. A derived kind
// (RpcError, DamagedTar, …) becomes its base among the four; any other kind becomes helip::Error.
// Throws CommError if `packed` does not hold four parts.
[[noreturn]] void throw_packed(std::string_view packed);

}  // namespace helip
