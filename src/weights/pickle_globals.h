// The names of Python's that a checkpoint's pickle may use; everything else is refused.
#pragma once

#include <optional>
#include <string_view>

#include "weights/pickle_value.h"

namespace helip::weights {

// Empty: not among them.
std::optional<Global> find_global(std::string_view module, std::string_view name);

// The storage class of that dtype in module torch ("FloatStorage"); empty: there is none.
std::string_view storage_class(std::string_view dtype);

}  // namespace helip::weights
