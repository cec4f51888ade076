#include "mining/screen/candidate_panels.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "mining/kernels/parallel.h"

namespace helip::mining {
namespace {

constexpr std::uint32_t kSignBits = 0x80808080U;  // adds kPanelOffset to four bytes at once

// A row into its column of a panel.
void pack(const std::int8_t* row, std::size_t width, std::uint8_t* column) {
  for (std::size_t e = 0; e < width; e += 4) {
    std::uint32_t four = 0;
    std::memcpy(&four, row + e, sizeof four);
    four ^= kSignBits;
    std::memcpy(column + e * kPanelRows, &four, sizeof four);
  }
}

}  // namespace

PackedRows::PackedRows(const Int8Rows& rows, const CandidateIds& ids, std::uint32_t threads,
                       const std::string& scratch)
    : width_(rows.width()),
      bytes_(panel_count(ids) * kPanelRows * width_, scratch),
      scales_(panel_count(ids) * kPanelRows, 0.0F),
      errors_(panel_count(ids) * kPanelRows, -std::numeric_limits<float>::infinity()) {
  for_each_index(panel_count(ids), threads, [&](std::uint64_t p) {
    std::uint8_t* panel = bytes_.data() + p * kPanelRows * width_;
    const std::size_t count = rows_in(ids, p);
    if (count < kPanelRows) std::memset(panel, kPanelOffset, kPanelRows * width_);
    for (std::size_t c = 0; c < count; ++c) {
      const std::uint32_t id = ids[p * kPanelRows + c];
      scales_[p * kPanelRows + c] = rows.scale(id);
      errors_[p * kPanelRows + c] = rows.error(id);
      pack(rows.row(id), width_, panel + 4 * c);
    }
  });
}

}  // namespace helip::mining
