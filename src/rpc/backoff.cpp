#include "rpc/backoff.h"

#include <algorithm>

namespace helip::rpc {

Backoff::Backoff(double shortest_seconds, double longest_seconds, std::uint64_t lane)
    : shortest_(shortest_seconds),
      longest_(longest_seconds),
      bound_(shortest_seconds),
      random_(0, "rpc backoff", {lane}) {}

double Backoff::next() {
  const double bound = bound_;
  bound_ = std::min(longest_, bound_ * 2);
  return bound * (0.1 + 0.9 * random_.uniform());
}

void Backoff::reset() { bound_ = shortest_; }

}  // namespace helip::rpc
