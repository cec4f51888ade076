#include "mining/candidate_panels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>

#include "mining/parallel.h"

namespace helip::mining {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr std::uint32_t kSignBits = 0x80808080U;  // adds kPanelOffset to four bytes at once

}  // namespace

void AlignedBytes::Free::operator()(std::uint8_t* bytes) const {
  ::operator delete[](bytes, kAlignment);
}

AlignedBytes::AlignedBytes(std::size_t size)
    : bytes_(static_cast<std::uint8_t*>(
          ::operator new[](std::max<std::size_t>(size, 1), kAlignment))) {}

void pack_panel(const Int8Rows& rows, const std::uint32_t* ids, std::size_t count,
                std::uint8_t* panel) {
  const std::size_t width = rows.width();
  if (count < kPanelRows) std::memset(panel, kPanelOffset, kPanelRows * width);
  // A cache line of every row at a time.
  for (std::size_t begin = 0; begin < width; begin += kInt8Padding) {
    for (std::size_t c = 0; c < count; ++c) {
      const std::int8_t* row = rows.row(ids[c]) + begin;
      std::uint8_t* out = panel + begin * kPanelRows + 4 * c;
      for (std::size_t e = 0; e < kInt8Padding; e += 4) {
        std::uint32_t four = 0;
        std::memcpy(&four, row + e, sizeof four);
        four ^= kSignBits;
        std::memcpy(out + e * kPanelRows, &four, sizeof four);
      }
    }
  }
}

CandidatePanels::CandidatePanels(const Int8Rows& rows, const CandidateIds& ids,
                                 std::uint32_t threads)
    : ids_(ids),
      width_(rows.width()),
      panels_((ids.size() + kPanelRows - 1) / kPanelRows),
      bytes_(panels_ * kPanelRows * width_),
      scales_(panels_ * kPanelRows, 0.0F),
      errors_(panels_ * kPanelRows, -std::numeric_limits<float>::infinity()) {
  for_each_index(panels_, threads, [&](std::uint64_t p) {
    std::array<std::uint32_t, kPanelRows> members{};
    const std::size_t count = rows_in(p);
    for (std::size_t c = 0; c < count; ++c) {
      members[c] = id(p, c);
      scales_[p * kPanelRows + c] = rows.scale(members[c]);
      errors_[p * kPanelRows + c] = rows.error(members[c]);
    }
    pack_panel(rows, members.data(), count, bytes_.data() + p * kPanelRows * width_);
  });
}

std::size_t CandidatePanels::rows_in(std::uint64_t p) const {
  return std::min<std::uint64_t>(kPanelRows, ids_.size() - p * kPanelRows);
}

}  // namespace helip::mining
