// Units a second over a sliding window.
#pragma once

#include <deque>
#include <utility>

#include "common/clock.h"

namespace helip::coordinator {

class RateMeter {
 public:
  explicit RateMeter(Duration window = std::chrono::seconds(30)) : window_(window) {}

  // Notes that `done` units are done now.
  void sample(TimePoint now, double done) {
    // Work that was lost with its worker is done again: start over rather than show a negative
    // rate.
    if (!samples_.empty() && done < samples_.back().second) samples_.clear();
    samples_.emplace_back(now, done);
    while (samples_.size() > 2 && now - samples_.front().first > window_) samples_.pop_front();
  }
  // Forgets all samples.
  void reset() { samples_.clear(); }
  // Returns units a second; 0 until two samples lie apart.
  [[nodiscard]] double rate() const {
    if (samples_.size() < 2) return 0;
    const double seconds =
        std::chrono::duration<double>(samples_.back().first - samples_.front().first).count();
    return seconds > 0 ? (samples_.back().second - samples_.front().second) / seconds : 0;
  }

 private:
  Duration window_;
  std::deque<std::pair<TimePoint, double>> samples_;
};

}  // namespace helip::coordinator
