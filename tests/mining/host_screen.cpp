#include "host_screen.h"

#include <algorithm>
#include <functional>

namespace helip::test {
namespace {

using namespace mining;

// The tile size of the CUDA kernel.
constexpr std::uint32_t kTile = 128;

struct Survivor {
  std::uint32_t id;
  ScoreRange range;
};

std::int32_t dot(const std::int8_t* a, const std::int8_t* b, std::size_t width) {
  std::int32_t sum = 0;
  for (std::size_t e = 0; e < width; ++e) sum += a[e] * b[e];
  return sum;
}

class HostLane final : public ScreenLane {
 public:
  HostLane(const ScreenJob& job, ScreenLog* log) : job_(job), log_(log) {}

  void begin(TargetRange targets) override {
    targets_.clear();
    for (std::uint64_t i = 0; i < targets.count; ++i) {
      const ScreenTarget target = job_.target(targets.first + i);
      targets_.push_back({target, 0, job_.screen.threshold(target, 0), 0, 0, {}});
    }
  }

  bool scan(std::uint64_t first, std::uint64_t count) override {
    if (log_ != nullptr) log_->scans.emplace_back(first, count);
    const std::vector<Target> before = targets_;
    for (std::uint64_t c = first; c < first + count; c += kTile) {
      for (std::size_t t = 0; t < targets_.size(); t += kTile) {
        scan_tile(std::span(targets_).subspan(t, std::min<std::size_t>(kTile, targets_.size() - t)),
                  c, std::min<std::uint64_t>(kTile, first + count - c));
      }
    }
    const bool fits = std::all_of(targets_.begin(), targets_.end(), [&](const Target& target) {
      return target.count <= job_.sizes.capacity;
    });
    if (!fits) {
      targets_ = before;
      if (log_ != nullptr) ++log_->overflows;
    }
    return fits;
  }

  std::uint32_t tighten() override {
    std::uint32_t most = 0;
    for (Target& target : targets_) {
      float bound = target.bound;
      std::vector<float> lowers;
      for (const Survivor& survivor : target.pending) lowers.push_back(survivor.range.lower);
      if (lowers.size() >= job_.k) {
        const auto kth = lowers.begin() + job_.k - 1;
        std::nth_element(lowers.begin(), kth, lowers.end(), std::greater<>());
        bound = std::max(bound, *kth);
      }
      if (target.positives >= job_.k) {
        bound = std::max(bound, static_cast<float>(job_.screen.min_score));
      }
      std::erase_if(target.pending, [&](const Survivor& s) { return s.range.upper < bound; });
      target.count = static_cast<std::uint32_t>(target.pending.size());
      most = std::max(most, target.count);
      set_bound(target, bound);
    }
    return most;
  }

  std::vector<TakenTarget> take(std::uint32_t least) override {
    if (log_ != nullptr && least > 0) ++log_->early_takes;
    taken_.clear();
    std::vector<TakenTarget> all;
    for (std::uint32_t t = 0; t < targets_.size(); ++t) {
      Target& target = targets_[t];
      if (target.count < least) continue;
      auto& candidates = taken_.emplace_back();
      for (const Survivor& s : target.pending) candidates.push_back({s.id, s.range.upper});
      all.push_back({t, target.bound, target.positives, candidates});
      target.pending.clear();
      target.count = 0;
      target.positives = 0;
    }
    return all;
  }

  void raise(std::span<const float> bounds) override {
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      set_bound(targets_[t], std::max(targets_[t].bound, bounds[t]));
    }
  }

 private:
  struct Target {
    ScreenTarget self;
    float bound, threshold;
    std::uint32_t count;  // of survivors, also of the ones that did not fit
    std::uint32_t positives;
    std::vector<Survivor> pending;
  };

  void set_bound(Target& target, float bound) {
    target.bound = bound;
    target.threshold = job_.screen.threshold(target.self, bound);
  }

  void scan_tile(std::span<Target> targets, std::uint64_t first, std::uint64_t count) {
    const CandidateRows all = job_.candidates(0, job_.pairs());
    std::vector<std::int32_t> dots(targets.size() * count);
    std::vector<bool> passes(dots.size());
    for (std::size_t t = 0; t < targets.size(); ++t) {
      const float slope = PairScreen::slope(targets[t].self);
      for (std::size_t c = 0; c < count; ++c) {
        dots[t * count + c] =
            dot(job_.first.row(targets[t].self.id), job_.first.row(first + c), job_.first.width());
        passes[t * count + c] =
            first_passes(dots[t * count + c], all.first_scales[first + c],
                         all.first_errors[first + c], slope, targets[t].threshold);
      }
    }
    if (std::none_of(passes.begin(), passes.end(), [](bool pass) { return pass; })) {
      if (log_ != nullptr) ++log_->skipped_tiles;
      return;
    }
    for (std::size_t i = 0; i < dots.size(); ++i) {
      if (passes[i])
        offer(targets[i / count], static_cast<std::uint32_t>(first + i % count), dots[i]);
    }
  }

  void offer(Target& target, std::uint32_t candidate, std::int32_t first_dot) {
    const std::int32_t second_dot =
        dot(job_.second.row(target.self.id), job_.second.row(candidate), job_.second.width());
    ScoreRange range;
    switch (job_.screen.judge(target.self, target.bound, job_.candidates(0, job_.pairs()),
                              candidate, first_dot, second_dot, range)) {
      case Verdict::kOut:
        break;
      case Verdict::kPositive:
        ++target.positives;
        break;
      case Verdict::kPending:
        if (target.count++ < job_.sizes.capacity) target.pending.push_back({candidate, range});
    }
  }

  const ScreenJob& job_;
  ScreenLog* log_;
  std::vector<Target> targets_;
  std::vector<std::vector<PendingCandidates::Candidate>> taken_;
};

}  // namespace

HostScreen::HostScreen(const MiningData& data, const MinerOptions& options,
                       const ScreenSizes& sizes, std::size_t lanes, ScreenLog* log)
    : job_(data, options, sizes), lanes_(lanes), log_(log) {}

std::vector<std::unique_ptr<ScreenLane>> HostScreen::lanes() {
  std::vector<std::unique_ptr<ScreenLane>> all;
  for (std::size_t i = 0; i < lanes_; ++i) all.push_back(std::make_unique<HostLane>(job_, log_));
  return all;
}

}  // namespace helip::test
