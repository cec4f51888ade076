#include "weights/pickle_value.h"

namespace helip::weights {

const Value* Dict::find(std::string_view key) const {
  const Value* found = nullptr;
  for (const auto& [name, value] : items) {
    const auto* const text = std::get_if<std::string_view>(&name);
    if (text != nullptr && *text == key) found = &value;
  }
  return found;
}

}  // namespace helip::weights
