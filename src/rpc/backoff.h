// Waiting times between retries: exponential with full jitter, so that a thousand workers do not
// come back at once.
#pragma once

#include <cstdint>

#include "common/rng.h"

namespace helip::rpc {

class Backoff {
 public:
  // Makes waits that are uniform in [0, min(longest, shortest · 2^n)), but at least a tenth of that
  // bound; `lane` separates workers.
  Backoff(double shortest_seconds, double longest_seconds, std::uint64_t lane);
  // Returns the seconds to wait before the next try.
  double next();
  // Starts over. Called after a success.
  void reset();

 private:
  double shortest_, longest_;
  double bound_;
  RandomStream random_;
};

}  // namespace helip::rpc
