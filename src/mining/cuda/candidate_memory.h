// Candidates in device memory: all of them, or the blocks that are being screened. For .cu files
// alone.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "mining/cuda/device_memory.h"
#include "mining/screen/screen_device.h"

namespace helip::mining::cuda {

// Returns the bytes that a candidate takes in a CandidateBuffer, duplicate groups and the cap
// included.
std::uint64_t candidate_bytes(const ScreenJob& job);

// Room for `rows` candidates of a job in arrays of one kind of memory.
template <template <typename> class Array>
class CandidateBuffer {
 public:
  CandidateBuffer(const ScreenJob& job, std::uint64_t rows)
      : first_width_(job.first.width()),
        second_width_(job.second.width()),
        first_(rows * first_width_),
        second_(rows * second_width_),
        first_scales_(rows),
        first_errors_(rows),
        second_scales_(rows),
        second_errors_(rows),
        image_groups_(job.data.image_group.empty() ? 0 : rows),
        caption_groups_(job.data.caption_group.empty() ? 0 : rows),
        may_be_capped_(job.may_be_capped.empty() ? 0 : rows) {}

  // Copies candidates to the front of the buffer, each array by copy(to, from, count). Returns the
  // candidates where they lie now.
  template <typename Copy>
  CandidateRows load(const CandidateRows& from, const Copy& copy) {
    const std::size_t count = from.count;
    copy(first_.get(), from.first, count * first_width_);
    copy(second_.get(), from.second, count * second_width_);
    copy(first_scales_.get(), from.first_scales, count);
    copy(first_errors_.get(), from.first_errors, count);
    copy(second_scales_.get(), from.second_scales, count);
    copy(second_errors_.get(), from.second_errors, count);
    if (image_groups_.size() > 0) copy(image_groups_.get(), from.image_groups, count);
    if (caption_groups_.size() > 0) copy(caption_groups_.get(), from.caption_groups, count);
    if (may_be_capped_.size() > 0) copy(may_be_capped_.get(), from.may_be_capped, count);
    return rows(0, from.id, from.count);
  }
  // Returns `count` candidates from row `offset` of the buffer on. `id` is the id of the first one.
  [[nodiscard]] CandidateRows rows(std::uint64_t offset, std::uint32_t id,
                                   std::uint32_t count) const {
    return {first_.get() + offset * first_width_,
            second_.get() + offset * second_width_,
            first_scales_.get() + offset,
            first_errors_.get() + offset,
            second_scales_.get() + offset,
            second_errors_.get() + offset,
            image_groups_.size() > 0 ? image_groups_.get() + offset : nullptr,
            caption_groups_.size() > 0 ? caption_groups_.get() + offset : nullptr,
            may_be_capped_.size() > 0 ? may_be_capped_.get() + offset : nullptr,
            id,
            count};
  }

 private:
  std::size_t first_width_, second_width_;
  Array<std::int8_t> first_, second_;
  Array<float> first_scales_, first_errors_, second_scales_, second_errors_;
  Array<std::uint32_t> image_groups_, caption_groups_;
  Array<std::uint8_t> may_be_capped_;
};

// Where a lane finds its candidates; for one thread.
class CandidateSource {
 public:
  // Called with candidates in device memory, which are there for the work that the call starts on
  // the stream.
  using Screen = std::function<void(const CandidateRows&)>;

  virtual ~CandidateSource() = default;
  // Calls `screen` with candidates [first, first + count), in blocks or all at once. May return
  // before the work on the stream is done.
  virtual void for_each_block(std::uint64_t first, std::uint64_t count, const Stream& stream,
                              const Screen& screen) = 0;
};

// All candidates of a job, resident; several lanes may read one buffer.
class ResidentCandidates final : public CandidateSource {
 public:
  explicit ResidentCandidates(const CandidateBuffer<DeviceArray>& all) : all_(all) {}
  void for_each_block(std::uint64_t first, std::uint64_t count, const Stream& stream,
                      const Screen& screen) override;

 private:
  const CandidateBuffer<DeviceArray>& all_;
};

// Two blocks in turn: while one is screened, the next is copied through page-locked memory.
class StreamedCandidates final : public CandidateSource {
 public:
  StreamedCandidates(const ScreenJob& job, std::uint64_t block_rows);
  void for_each_block(std::uint64_t first, std::uint64_t count, const Stream& stream,
                      const Screen& screen) override;

 private:
  struct Block {
    Block(const ScreenJob& job, std::uint64_t rows) : staging(job, rows), buffer(job, rows) {}
    CandidateBuffer<PinnedArray> staging;
    CandidateBuffer<DeviceArray> buffer;
    Event copied, screened;
  };

  const ScreenJob& job_;
  std::uint64_t block_rows_;
  Stream copies_;
  Block even_, odd_;
};

}  // namespace helip::mining::cuda
