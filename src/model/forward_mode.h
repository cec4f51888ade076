// Whether a forward pass trains or evaluates, and the keys of its random draws. Torch-free.
#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

namespace helip::model {

// Keys of the random draws of one forward pass in training, one entry per local row.
struct DrawKeys {
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
  std::vector<std::uint64_t> sample;  // [B]
  std::vector<std::uint64_t> slot;    // [B] row in the global batch
};

// In evaluation nothing is random, and batch norms use their running statistics. In training draws
// are keyed, and batch norms use the statistics of the rank's rows and note them.
class ForwardMode {
 public:
  // Returns the mode of evaluation.
  static ForwardMode evaluation() { return ForwardMode(nullptr); }
  // Returns the mode of training with these keys, which must outlive it.
  static ForwardMode training(const DrawKeys& keys) { return ForwardMode(&keys); }
  static ForwardMode training(const DrawKeys&&) = delete;

  [[nodiscard]] bool is_training() const { return keys_ != nullptr; }
  // Returns the keys of a pass in training. Precondition: is_training().
  [[nodiscard]] const DrawKeys& keys() const {
    assert(is_training());
    return *keys_;
  }

 private:
  explicit ForwardMode(const DrawKeys* keys) : keys_(keys) {}

  const DrawKeys* keys_;
};

}  // namespace helip::model
