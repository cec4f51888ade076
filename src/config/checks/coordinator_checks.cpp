#include <cmath>

#include "config/checks/section_checks.h"

namespace helip::config {

void check(const CoordinatorConfig& coordinator, Checks& checks) {
  checks.that(
      std::isfinite(coordinator.lease_seconds) &&
          coordinator.lease_seconds >= 2 * coordinator.heartbeat_seconds,
      "coordinator.lease_seconds",
      cat("at least twice coordinator.heartbeat_seconds (", coordinator.heartbeat_seconds, ")"),
      coordinator.lease_seconds);
}

}  // namespace helip::config
