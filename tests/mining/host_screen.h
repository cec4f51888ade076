// The twin of the CUDA screen on the host: the same tiles, decisions and buffers in plain loops.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "mining/screen/screen_device.h"

namespace helip::test {

// What the twin's lanes did, of all lanes together; one thread at a time.
struct ScreenLog {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> scans;  // first, count; failed ones too
  std::uint64_t overflows = 0;
  std::uint64_t early_takes = 0;    // before the end of a tile
  std::uint64_t skipped_tiles = 0;  // where no pair passed the first modality
};

class HostScreen final : public mining::ScreenDevice {
 public:
  HostScreen(const mining::MiningData& data, const mining::MinerOptions& options,
             const mining::ScreenSizes& sizes, std::size_t lanes = 1, ScreenLog* log = nullptr);

  [[nodiscard]] mining::ScreenSizes sizes() const override { return job_.sizes; }
  std::vector<std::unique_ptr<mining::ScreenLane>> lanes() override;

 private:
  mining::ScreenJob job_;
  std::size_t lanes_;
  ScreenLog* log_;
};

}  // namespace helip::test
