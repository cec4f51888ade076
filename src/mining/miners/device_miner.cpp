#include "mining/miners/device_miner.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/threads/mutex.h"
#include "mining/kernels/parallel.h"
#include "mining/screen/chunked_scan.h"
#include "mining/screen/rescorer.h"

namespace helip::mining {
namespace {

// Targets that a thread rescores with one scorer.
constexpr std::size_t kTargetsAtOnce = 16;

// The lanes of a device, lent to one thread each.
class LanePool {
 public:
  explicit LanePool(std::vector<std::unique_ptr<ScreenLane>> lanes)
      : size_(lanes.size()), idle_(std::move(lanes)) {}

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(size_); }

  template <typename Work>
  void with_lane(const Work& work) {
    const Loan loan{*this, borrow()};
    work(*loan.lane);
  }

 private:
  struct Loan {
    LanePool& pool;
    std::unique_ptr<ScreenLane> lane;
    ~Loan() { pool.take_back(std::move(lane)); }
  };

  std::unique_ptr<ScreenLane> borrow() {
    const MutexLock lock(mutex_);
    while (idle_.empty()) returned_.wait(mutex_);
    std::unique_ptr<ScreenLane> lane = std::move(idle_.back());
    idle_.pop_back();
    return lane;
  }

  void take_back(std::unique_ptr<ScreenLane> lane) {
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(lane));
    returned_.notify_one();
  }

  std::size_t size_;
  Mutex mutex_;
  Condition returned_;
  std::vector<std::unique_ptr<ScreenLane>> idle_ HELIP_GUARDED_BY(mutex_);
};

// Hard pairs of one tile.
class TileRanking {
 public:
  TileRanking(const MiningData& data, const MinerOptions& options, std::uint32_t threads,
              TargetRange targets)
      : data_(data),
        options_(options),
        threads_(threads),
        targets_(targets),
        rankings_(targets.count, Ranking(options)),
        bounds_(targets.count, 0.0F) {}

  // The bounds of all targets: the device's, or higher where exact scores raised them.
  std::span<const float> rescore(std::span<TakenTarget> taken) {
    const std::size_t groups = (taken.size() + kTargetsAtOnce - 1) / kTargetsAtOnce;
    for_each_index(groups, threads_, [&](std::uint64_t group) {
      Rescorer rescorer(data_, options_);
      const std::size_t begin = group * kTargetsAtOnce;
      for (TakenTarget& target :
           taken.subspan(begin, std::min(kTargetsAtOnce, taken.size() - begin))) {
        Ranking& ranking = rankings_[target.index];
        ranking.positives += target.positives;
        sort_by_upper(target.candidates);
        bounds_[target.index] =
            rescorer.rescore(static_cast<std::uint32_t>(targets_.first) + target.index,
                             target.candidates, target.bound, ranking);
      }
    });
    return bounds_;
  }

  void write(std::span<std::uint32_t> indices, std::span<float> scores,
             std::span<std::uint32_t> filled) const {
    const Rescorer rescorer(data_, options_);
    for (std::size_t t = 0; t < rankings_.size(); ++t) {
      const std::size_t row = t * options_.k;
      rankings_[t].best.write(indices.subspan(row, options_.k), scores.subspan(row, options_.k));
      filled[t] = rescorer.filled(bounds_[t], rankings_[t]);
    }
  }

 private:
  const MiningData& data_;
  const MinerOptions& options_;
  std::uint32_t threads_;
  TargetRange targets_;
  std::vector<Ranking> rankings_;
  std::vector<float> bounds_;
};

class DeviceMiner final : public PairMiner {
 public:
  DeviceMiner(const MiningData& data, const MinerOptions& options,
              std::unique_ptr<ScreenDevice> device)
      : data_(data),
        options_(options),
        device_(std::move(device)),
        sizes_(device_->sizes()),
        lanes_(device_->lanes()) {}

  // One thread a lane: while one tile is rescored on the host, another is screened on the device.
  void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
            std::span<std::uint32_t> filled, const Progress& progress) const override {
    const std::uint64_t size = targets_per_tile(targets.count);
    const std::uint64_t tiles = (targets.count + size - 1) / size;
    const std::uint32_t threads = threads_per_tile(tiles);
    Mutex mutex;
    std::uint64_t done = 0;
    for_each_index(tiles, lanes_.size(), [&](std::uint64_t tile) {
      const std::uint64_t offset = tile * size;
      const TargetRange range = {targets.first + offset, std::min(size, targets.count - offset)};
      const std::uint64_t slots = range.count * options_.k;
      const TileRanking ranking = screen(range, threads);
      ranking.write(indices.subspan(offset * options_.k, slots),
                    scores.subspan(offset * options_.k, slots),
                    filled.subspan(offset, range.count));
      compared_ += range.count * data_.pairs();
      const MutexLock lock(mutex);
      done += range.count;
      if (progress) progress(done, targets.count);
    });
  }

 private:
  // A tile for every lane where there are few targets.
  [[nodiscard]] std::uint64_t targets_per_tile(std::uint64_t targets) const {
    constexpr std::uint64_t kLeast = 128;
    const std::uint64_t share = (targets + lanes_.size() - 1) / lanes_.size();
    const std::uint64_t rounded = (share + kLeast - 1) / kLeast * kLeast;
    return std::clamp<std::uint64_t>(rounded, 1, sizes_.tile_targets);
  }

  // A share of the threads for every lane that is at work.
  [[nodiscard]] std::uint32_t threads_per_tile(std::uint64_t tiles) const {
    const auto at_work = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(tiles, 1, std::max(1U, lanes_.size())));
    return std::max(1U, options_.threads / at_work);
  }

  [[nodiscard]] TileRanking screen(TargetRange range, std::uint32_t threads) const {
    TileRanking ranking(data_, options_, threads, range);
    lanes_.with_lane([&](ScreenLane& lane) {
      lane.begin(range);
      scan_in_chunks(lane, data_.pairs(), sizes_.capacity,
                     [&](std::span<TakenTarget> taken) { return ranking.rescore(taken); });
    });
    return ranking;
  }

  const MiningData& data_;
  const MinerOptions options_;
  const std::unique_ptr<ScreenDevice> device_;
  const ScreenSizes sizes_;
  mutable LanePool lanes_;
};

}  // namespace

std::unique_ptr<PairMiner> make_device_miner(const MiningData& data, const MinerOptions& options,
                                             std::unique_ptr<ScreenDevice> device) {
  if (options.filters.margins()) {
    throw ConfigError({.what = "a positive-aware margin is not mined on a GPU",
                       .where = options.filters.absolute_margin ? "mining.absolute_margin"
                                                                : "mining.relative_margin",
                       .expected = "launcher.device: auto or cpu",
                       .found = "cuda"});
  }
  return std::make_unique<DeviceMiner>(data, options, std::move(device));
}

}  // namespace helip::mining
