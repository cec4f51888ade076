// The candidates of a search, packed for the tile kernels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mining/kernels/aligned_bytes.h"
#include "mining/kernels/int8_kernels.h"
#include "mining/pairs/mining_data.h"

namespace helip::mining {

// Ids of candidates, ascending: all pairs or some of them. of() keeps a view of the ids.
class CandidateIds {
 public:
  static CandidateIds all(std::uint64_t pairs) { return CandidateIds(pairs, {}); }
  static CandidateIds of(std::span<const std::uint32_t> ids) {
    return CandidateIds(ids.size(), ids);
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint32_t operator[](std::uint64_t i) const {
    return ids_.empty() ? static_cast<std::uint32_t>(i) : ids_[i];
  }

 private:
  CandidateIds(std::uint64_t size, std::span<const std::uint32_t> ids) : size_(size), ids_(ids) {}
  std::uint64_t size_;
  std::span<const std::uint32_t> ids_;
};

inline std::uint64_t panel_count(const CandidateIds& ids) {
  return (ids.size() + kPanelRows - 1) / kPanelRows;
}
// Returns how many candidates panel p holds: kPanelRows, or fewer in the last panel.
inline std::size_t rows_in(const CandidateIds& ids, std::uint64_t p) {
  return std::min<std::uint64_t>(kPanelRows, ids.size() - p * kPanelRows);
}

// Rows of one modality in panels as int8_kernels.h describes them; the last panel is filled up with
// zeros. Immutable; safe from many threads.
class PackedRows {
 public:
  // Packs the rows of the candidates `ids`. `scratch`: see AlignedBytes.
  PackedRows(const Int8Rows& rows, const CandidateIds& ids, std::uint32_t threads,
             const std::string& scratch = {});

  [[nodiscard]] const std::uint8_t* panel(std::uint64_t p) const {
    return bytes_.data() + p * kPanelRows * width_;
  }
  // Returns the scales of the kPanelRows rows of a panel; errors() returns their errors. Rows
  // beyond the last candidate have an error of minus infinity, so that they pass no screen.
  [[nodiscard]] const float* scales(std::uint64_t p) const {
    return scales_.data() + p * kPanelRows;
  }
  [[nodiscard]] const float* errors(std::uint64_t p) const {
    return errors_.data() + p * kPanelRows;
  }

 private:
  std::size_t width_;
  AlignedBytes bytes_;
  std::vector<float> scales_, errors_;
};

// Candidates in both modalities. The ids' storage must outlive it.
class CandidatePanels {
 public:
  CandidatePanels(const MiningData& data, const CandidateIds& ids, std::uint32_t threads)
      : ids_(ids),
        images_(data.images.int8(), ids, threads, data.scratch),
        texts_(data.texts.int8(), ids, threads, data.scratch) {}

  [[nodiscard]] const PackedRows& images() const { return images_; }
  [[nodiscard]] const PackedRows& texts() const { return texts_; }
  [[nodiscard]] std::uint64_t panels() const { return panel_count(ids_); }
  [[nodiscard]] std::uint32_t id(std::uint64_t p, std::size_t c) const {
    return ids_[p * kPanelRows + c];
  }

 private:
  CandidateIds ids_;
  PackedRows images_, texts_;
};

}  // namespace helip::mining
