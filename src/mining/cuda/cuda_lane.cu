#include <algorithm>

#include "mining/cuda/cuda_lane.h"

namespace helip::mining::cuda {

CudaLane::CudaLane(const ScreenJob& job, int device, std::unique_ptr<CandidateSource> candidates)
    : job_(job),
      device_(device),
      candidates_(std::move(candidates)),
      first_(job.sizes.tile_targets * job.first.width()),
      second_(job.sizes.tile_targets * job.second.width()),
      self_(job.sizes.tile_targets),
      slopes_(job.sizes.tile_targets),
      thresholds_(job.sizes.tile_targets),
      bounds_(job.sizes.tile_targets),
      raised_(job.sizes.tile_targets),
      counts_(job.sizes.tile_targets),
      positives_(job.sizes.tile_targets),
      counts_before_(job.sizes.tile_targets),
      positives_before_(job.sizes.tile_targets),
      survivors_(std::uint64_t{job.sizes.tile_targets} * job.sizes.capacity),
      overflowed_(1),
      most_(1),
      offsets_(job.sizes.tile_targets),
      host_first_(first_.size()),
      host_second_(second_.size()),
      host_self_(job.sizes.tile_targets),
      host_slopes_(job.sizes.tile_targets),
      host_bars_(job.sizes.tile_targets),
      host_bounds_(job.sizes.tile_targets),
      host_counts_(job.sizes.tile_targets),
      host_positives_(job.sizes.tile_targets),
      host_flag_(1),
      host_offsets_(job.sizes.tile_targets) {
  tile_ = {.targets = 0,
           .capacity = job.sizes.capacity,
           .first = first_.get(),
           .second = second_.get(),
           .self = self_.get(),
           .slopes = slopes_.get(),
           .thresholds = thresholds_.get(),
           .bounds = bounds_.get(),
           .counts = counts_.get(),
           .positives = positives_.get(),
           .survivors = survivors_.get(),
           .overflowed = overflowed_.get(),
           .most = most_.get()};
}

std::uint64_t CudaLane::bytes(const ScreenJob& job) {
  const std::uint64_t target = job.first.width() + job.second.width() + sizeof(ScreenTarget) +
                               4 * sizeof(float) + 4 * sizeof(std::uint32_t) +
                               sizeof(std::uint64_t);
  return job.sizes.tile_targets *
         (target + job.sizes.capacity * (sizeof(Survivor) + sizeof(Candidate)));
}

void CudaLane::begin(TargetRange targets) {
  const CurrentDevice current(device_);
  const std::size_t count = targets.count;
  tile_.targets = static_cast<std::uint32_t>(count);
  std::copy_n(job_.first.row(targets.first), count * job_.first.width(), host_first_.get());
  std::copy_n(job_.second.row(targets.first), count * job_.second.width(), host_second_.get());
  for (std::size_t t = 0; t < count; ++t) {
    host_self_[t] = job_.target(targets.first + t);
    host_slopes_[t] = PairScreen::slope(host_self_[t]);
    host_bars_[t] = job_.screen.threshold(host_self_[t], 0);
  }
  copy(first_.get(), host_first_.get(), count * job_.first.width(), stream_);
  copy(second_.get(), host_second_.get(), count * job_.second.width(), stream_);
  copy(self_.get(), host_self_.get(), count, stream_);
  copy(slopes_.get(), host_slopes_.get(), count, stream_);
  copy(thresholds_.get(), host_bars_.get(), count, stream_);
  for (void* zeros : {static_cast<void*>(bounds_.get()), static_cast<void*>(counts_.get()),
                      static_cast<void*>(positives_.get())}) {
    static_assert(sizeof(float) == sizeof(std::uint32_t));
    check(cudaMemsetAsync(zeros, 0, count * sizeof(float), stream_.get()), "cudaMemsetAsync");
  }
  stream_.synchronize();
}

bool CudaLane::scan(std::uint64_t first, std::uint64_t count) {
  const CurrentDevice current(device_);
  copy(counts_before_.get(), counts_.get(), tile_.targets, stream_);
  copy(positives_before_.get(), positives_.get(), tile_.targets, stream_);
  check(cudaMemsetAsync(overflowed_.get(), 0, sizeof(std::uint32_t), stream_.get()),
        "cudaMemsetAsync");
  const Widths widths = {static_cast<std::uint32_t>(job_.first.width()),
                         static_cast<std::uint32_t>(job_.second.width())};
  candidates_->for_each_block(first, count, stream_, [&](const CandidateRows& block) {
    cuda::scan(job_.screen, tile_, block, widths, stream_.get());
  });
  copy(host_flag_.get(), overflowed_.get(), 1, stream_);
  stream_.synchronize();
  if (host_flag_[0] == 0) return true;
  copy(counts_.get(), counts_before_.get(), tile_.targets, stream_);
  copy(positives_.get(), positives_before_.get(), tile_.targets, stream_);
  stream_.synchronize();
  return false;
}

std::uint32_t CudaLane::tighten() {
  const CurrentDevice current(device_);
  cuda::tighten(job_.screen, tile_, job_.k, stream_.get());
  copy(host_flag_.get(), most_.get(), 1, stream_);
  stream_.synchronize();
  return host_flag_[0];
}

std::vector<TakenTarget> CudaLane::take(std::uint32_t least) {
  const CurrentDevice current(device_);
  copy(host_counts_.get(), counts_.get(), tile_.targets, stream_);
  copy(host_positives_.get(), positives_.get(), tile_.targets, stream_);
  copy(host_bounds_.get(), bounds_.get(), tile_.targets, stream_);
  stream_.synchronize();
  std::uint64_t packed = 0;
  for (std::uint32_t t = 0; t < tile_.targets; ++t) {
    const bool taken = host_counts_[t] >= least;
    host_offsets_[t] = taken ? packed : kNotTaken;
    packed += taken ? host_counts_[t] : 0;
  }
  reserve_packed(packed);
  copy(offsets_.get(), host_offsets_.get(), tile_.targets, stream_);
  pack(tile_, offsets_.get(), packed_.get(), stream_.get());
  copy(host_packed_.get(), packed_.get(), packed, stream_);
  stream_.synchronize();
  std::vector<TakenTarget> all;
  for (std::uint32_t t = 0; t < tile_.targets; ++t) {
    if (host_offsets_[t] == kNotTaken) continue;
    all.push_back({t, host_bounds_[t], host_positives_[t],
                   std::span(host_packed_.get() + host_offsets_[t], host_counts_[t])});
  }
  return all;
}

void CudaLane::raise(std::span<const float> bounds) {
  const CurrentDevice current(device_);
  std::copy(bounds.begin(), bounds.end(), host_bounds_.get());
  copy(raised_.get(), host_bounds_.get(), tile_.targets, stream_);
  cuda::raise(job_.screen, tile_, raised_.get(), stream_.get());
  stream_.synchronize();
}

void CudaLane::reserve_packed(std::uint64_t candidates) {
  if (candidates <= packed_.size()) return;
  // The old room goes first: both may not fit.
  packed_ = DeviceArray<Candidate>();
  host_packed_ = PinnedArray<Candidate>();
  packed_ = DeviceArray<Candidate>(candidates);
  host_packed_ = PinnedArray<Candidate>(candidates);
}

}  // namespace helip::mining::cuda
