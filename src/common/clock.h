// Time is passed in. Only this file's .cpp asks the operating system.
#pragma once

#include <chrono>

namespace helip {

// Monotonic, goes on while the machine is suspended (CLOCK_BOOTTIME).
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

// Seconds since some fixed point of this boot, for rates.
double monotonic_seconds();

// Processor time of this thread in seconds, for guards that other processes must not trip.
double thread_seconds();

// Wall clock for display only: seconds since 1970.
double wall_seconds();

}  // namespace helip
