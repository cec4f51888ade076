// Sets mixed precision: matrix products in a narrower dtype while weights stay as they are.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <optional>

namespace helip::model {

// Sets LibTorch's autocast on `device` for its lifetime: products in `type`, or no autocast if
// `type` is empty. Its destructor restores what was set before on this thread.
class AutocastScope {
 public:
  AutocastScope(c10::DeviceType device, std::optional<c10::ScalarType> type);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

  // Returns what is set on this thread now.
  [[nodiscard]] static std::optional<c10::ScalarType> current(c10::DeviceType device);

 private:
  const c10::DeviceType device_;
  const std::optional<c10::ScalarType> before_;
};

}  // namespace helip::model
