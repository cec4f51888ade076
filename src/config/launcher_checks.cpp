#include <algorithm>
#include <cmath>

#include "config/section_checks.h"

namespace helip::config {
namespace {

// "NAME:SLOTS" of mpirun's --host. An IPv6 address has more colons and no slots.
bool counts_slots(const std::string& host) {
  const std::size_t colon = host.find(':');
  if (colon == std::string::npos || host.find(':', colon + 1) != std::string::npos) return true;
  const std::string slots = host.substr(colon + 1);
  if (slots == "*" || slots == "auto") return true;
  return colon > 0 && !slots.empty() && slots.size() <= 9 &&
         slots.find_first_not_of("0123456789") == std::string::npos && std::stoul(slots) > 0;
}

void check_hosts(const std::string& hosts, Checks& checks) {
  for (std::size_t begin = 0; begin <= hosts.size();) {
    const std::size_t end = std::min(hosts.find(',', begin), hosts.size());
    const std::string host = hosts.substr(begin, end - begin);
    checks.that(counts_slots(host), "launcher.hosts",
                "HOST or HOST:SLOTS, slots a whole number from 1 on", "'" + host + "'");
    begin = end + 1;
  }
}

}  // namespace

void check(const CoordinatorConfig& coordinator, Checks& checks) {
  checks.that(coordinator.listen.rfind(':') != std::string::npos &&
                  coordinator.listen.rfind(':') + 1 < coordinator.listen.size() &&
                  coordinator.listen.rfind(':') > 0,
              "coordinator.listen", "HOST:PORT (port 0: a free one)",
              "'" + coordinator.listen + "'");
  checks.that(positive(coordinator.heartbeat_seconds), "coordinator.heartbeat_seconds",
              "a number above 0", coordinator.heartbeat_seconds);
  checks.that(
      std::isfinite(coordinator.lease_seconds) &&
          coordinator.lease_seconds >= 2 * coordinator.heartbeat_seconds,
      "coordinator.lease_seconds",
      cat("at least twice coordinator.heartbeat_seconds (", coordinator.heartbeat_seconds, ")"),
      coordinator.lease_seconds);
  checks.that(coordinator.max_attempts >= 1, "coordinator.max_attempts", "at least 1",
              coordinator.max_attempts);
}

void check(const LauncherConfig& launcher, Checks& checks) {
  check_hosts(launcher.hosts, checks);
  checks.one_of(launcher.kind, "launcher.kind", {"mpirun", "none"});
  checks.that(in_range(launcher.workers, 1, 100000), "launcher.workers", "1 to 100000",
              launcher.workers);
  checks.that(in_range(launcher.threads_per_worker, 1, 1024), "launcher.threads_per_worker",
              "1 to 1024", launcher.threads_per_worker);
  checks.one_of(launcher.device, "launcher.device", {"auto", "cpu", "cuda"});
}

}  // namespace helip::config
