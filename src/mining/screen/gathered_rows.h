// Rows of targets copied one behind the other, as the tile kernels take them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "mining/kernels/int8_rows.h"
#include "mining/screen/candidate_panels.h"

namespace helip::mining {

// Copies of at most `capacity` rows of one modality. `from` must outlive it.
class GatheredRows {
 public:
  GatheredRows(const Int8Rows& from, std::size_t capacity)
      : from_(from), bytes_(capacity * from.width()) {
    sums_.reserve(capacity);
  }

  void clear() { sums_.clear(); }
  void add(std::uint64_t id) {
    std::memcpy(bytes_.data() + sums_.size() * from_.width(), from_.row(id), from_.width());
    sums_.push_back(from_.sum(id));
  }
  [[nodiscard]] bool empty() const { return sums_.empty(); }
  // Returns row i and the rows after it; sums() returns the sums of their elements.
  [[nodiscard]] const std::int8_t* rows(std::size_t i) const {
    return reinterpret_cast<const std::int8_t*>(bytes_.data()) + i * from_.width();
  }
  [[nodiscard]] const std::int32_t* sums(std::size_t i) const { return sums_.data() + i; }

 private:
  const Int8Rows& from_;
  AlignedBytes bytes_;
  std::vector<std::int32_t> sums_;
};

}  // namespace helip::mining
