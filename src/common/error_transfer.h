// An error that crosses from one process to another as text and keeps its kind.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace helip {

// Returns the kind of `error` (ConfigError, DataError, StoreError, CommError or other) and the
// parts of its Problem as text. An error that is not helip::Error has line_of(error) as its only
// part.
std::string pack_error(const std::exception& error);

// Throws the error that `packed`, a text of pack_error, stands for: the same kind and the same
// line. A kind of its own (RpcError, DamagedTar, …) becomes its base among the four; "other"
// becomes helip::Error. Throws CommError if `packed` is no such text.
[[noreturn]] void throw_packed(std::string_view packed);

}  // namespace helip
