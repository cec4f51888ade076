// Clocks. Code takes its clock as an argument; only clock.cpp asks the operating system.
#pragma once

#include <chrono>

namespace helip {

// A monotonic time that also counts while the machine is suspended (CLOCK_BOOTTIME).
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;
};

// Returns the seconds since a fixed point of this boot, to measure durations and rates.
double monotonic_seconds();

// Returns the processor seconds of the calling thread, for time limits that must not depend on the
// load of other processes.
double thread_seconds();

// Returns the wall clock in seconds since 1970, for display only.
double wall_seconds();

}  // namespace helip
