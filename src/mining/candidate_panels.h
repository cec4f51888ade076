// The candidates of a search, packed for the tile kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mining/int8_kernels.h"
#include "mining/int8_rows.h"

namespace helip::mining {

// Ids of candidates, ascending: all pairs or some of them.
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

// Bytes on cache lines.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size);
  [[nodiscard]] std::uint8_t* data() const { return bytes_.get(); }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const;
  };
  std::unique_ptr<std::uint8_t[], Free> bytes_;
};

// Packs `count` <= kPanelRows rows into a panel of int8_kernels.h; the rest is zero.
void pack_panel(const Int8Rows& rows, const std::uint32_t* ids, std::size_t count,
                std::uint8_t* panel);

// Immutable; safe from many threads. Keeps references: rows and the ids' storage must outlive it.
class CandidatePanels {
 public:
  CandidatePanels(const Int8Rows& rows, const CandidateIds& ids, std::uint32_t threads);

  [[nodiscard]] std::uint64_t panels() const { return panels_; }
  [[nodiscard]] const std::uint8_t* panel(std::uint64_t p) const {
    return bytes_.data() + p * kPanelRows * width_;
  }
  // Of the panel's rows, kPanelRows each; rows beyond the last candidate have an error of minus
  // infinity, so that they pass no screen.
  [[nodiscard]] const float* scales(std::uint64_t p) const {
    return scales_.data() + p * kPanelRows;
  }
  [[nodiscard]] const float* errors(std::uint64_t p) const {
    return errors_.data() + p * kPanelRows;
  }
  [[nodiscard]] std::uint32_t id(std::uint64_t p, std::size_t c) const {
    return ids_[p * kPanelRows + c];
  }
  [[nodiscard]] std::size_t rows_in(std::uint64_t p) const;

 private:
  CandidateIds ids_;
  std::size_t width_;
  std::uint64_t panels_;
  AlignedBytes bytes_;
  std::vector<float> scales_, errors_;
};

}  // namespace helip::mining
