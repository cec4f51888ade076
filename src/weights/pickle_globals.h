// Lists the names of Python's that a checkpoint's pickle may use; every other name is refused.
#pragma once

#include <optional>
#include <string_view>

#include "weights/pickle_value.h"

namespace helip::weights {

// Returns what the name stands for; nothing if it is not on the list.
std::optional<Global> find_global(std::string_view module, std::string_view name);

// Returns the storage class of that dtype in module torch ("FloatStorage"); an empty name if there
// is none.
std::string_view storage_class(std::string_view dtype);

}  // namespace helip::weights
