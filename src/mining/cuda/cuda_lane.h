// A screen lane on a GPU: the buffers of one tile and the stream that works on them. For .cu files
// alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mining/cuda/candidate_memory.h"
#include "mining/cuda/device_memory.h"
#include "mining/cuda/screen_kernels.h"
#include "mining/screen/screen_device.h"

namespace helip::mining::cuda {

class CudaLane final : public ScreenLane {
 public:
  // Allocates the buffers. `job` must outlive the lane. Precondition: `device` is the current
  // device. Throws Error if CUDA fails.
  CudaLane(const ScreenJob& job, int device, std::unique_ptr<CandidateSource> candidates);

  void begin(TargetRange targets) override;
  bool scan(std::uint64_t first, std::uint64_t count) override;
  std::uint32_t tighten() override;
  std::vector<TakenTarget> take(std::uint32_t least) override;
  void raise(std::span<const float> bounds) override;

  // Returns the bytes of device memory that a lane takes, without its candidates.
  static std::uint64_t bytes(const ScreenJob& job);

 private:
  using Candidate = PendingCandidates::Candidate;

  // Makes room for at least `candidates` candidates that take() returns.
  void reserve_packed(std::uint64_t candidates);

  const ScreenJob& job_;
  const int device_;
  const std::unique_ptr<CandidateSource> candidates_;
  Stream stream_;
  Tile tile_;
  DeviceArray<std::int8_t> first_, second_;
  DeviceArray<ScreenTarget> self_;
  DeviceArray<float> slopes_, thresholds_, bounds_, raised_;
  DeviceArray<std::uint32_t> counts_, positives_, counts_before_, positives_before_;
  DeviceArray<Survivor> survivors_;
  DeviceArray<std::uint32_t> overflowed_, most_;
  DeviceArray<std::uint64_t> offsets_;
  DeviceArray<Candidate> packed_;
  // Page-locked counterparts.
  PinnedArray<std::int8_t> host_first_, host_second_;
  PinnedArray<ScreenTarget> host_self_;
  PinnedArray<float> host_slopes_, host_bars_, host_bounds_;
  PinnedArray<std::uint32_t> host_counts_, host_positives_, host_flag_;
  PinnedArray<std::uint64_t> host_offsets_;
  PinnedArray<Candidate> host_packed_;
};

}  // namespace helip::mining::cuda
