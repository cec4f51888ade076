// What programs of one build say about themselves.
#pragma once

#include <cstdint>
#include <string>

namespace helip::rpc {

inline constexpr std::uint32_t kProtocolVersion = 1;

// Returns "0.1.0", say. Coordinator and workers must be of the same build.
std::string build_name();

}  // namespace helip::rpc
