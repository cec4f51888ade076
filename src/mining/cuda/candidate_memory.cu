#include <algorithm>

#include "mining/cuda/candidate_memory.h"

namespace helip::mining::cuda {

std::uint64_t candidate_bytes(const ScreenJob& job) {
  return job.first.width() + job.second.width() + 4 * sizeof(float) + 2 * sizeof(std::uint32_t) +
         sizeof(std::uint8_t);
}

void ResidentCandidates::for_each_block(std::uint64_t first, std::uint64_t count,
                                        const Stream& /*stream*/, const Screen& screen) {
  screen(all_.rows(first, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count)));
}

StreamedCandidates::StreamedCandidates(const ScreenJob& job, std::uint64_t block_rows)
    : job_(job), block_rows_(block_rows), even_(job, block_rows), odd_(job, block_rows) {}

void StreamedCandidates::for_each_block(std::uint64_t first, std::uint64_t count,
                                        const Stream& stream, const Screen& screen) {
  const std::uint64_t end = first + count;
  for (std::uint64_t i = 0; first < end; ++i, first += block_rows_) {
    Block& block = i % 2 == 0 ? even_ : odd_;
    const CandidateRows wanted = job_.candidates(first, std::min(block_rows_, end - first));
    // The page-locked copy is free once its last block has gone to the device, and that place once
    // it was screened.
    block.copied.synchronize();
    const CandidateRows staged = block.staging.load(
        wanted, [](auto* to, const auto* from, std::size_t size) { std::copy_n(from, size, to); });
    block.screened.hold(copies_);
    const CandidateRows placed = block.buffer.load(
        staged,
        [&](auto* to, const auto* from, std::size_t size) { copy(to, from, size, copies_); });
    block.copied.record(copies_);
    block.copied.hold(stream);
    screen(placed);
    block.screened.record(stream);
  }
}

}  // namespace helip::mining::cuda
