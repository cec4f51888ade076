#include "model/layers/autocast.h"

#include <ATen/autocast_mode.h>

namespace helip::model {
namespace {

void set(c10::DeviceType device, std::optional<c10::ScalarType> type) {
  at::autocast::set_autocast_enabled(device, type.has_value());
  if (type) at::autocast::set_autocast_dtype(device, *type);
}

}  // namespace

AutocastScope::AutocastScope(c10::DeviceType device, std::optional<c10::ScalarType> type)
    : device_(device), before_(current(device)) {
  at::autocast::increment_nesting();
  set(device, type);
}

AutocastScope::~AutocastScope() {
  set(device_, before_);
  // The narrow copies of the weights are of this forward pass alone: the optimizer changes them.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

std::optional<c10::ScalarType> AutocastScope::current(c10::DeviceType device) {
  if (!at::autocast::is_autocast_enabled(device)) return std::nullopt;
  return at::autocast::get_autocast_dtype(device);
}

}  // namespace helip::model
