#include "mining/screen/tile_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "mining/screen/gathered_rows.h"
#include "mining/screen/pending_candidates.h"
#include "mining/screen/rescorer.h"
#include "mining/screen/score_bounds.h"

namespace helip::mining {
namespace {

// The dot products of one group of targets with a panel (24 KiB) stay in the first-level cache.
constexpr std::size_t kTargetsPerGroup = 96;
// Where more than this share of a panel's pairs survives the first modality, the second is computed
// for all of them: a tile kernel does four products in the time of one that stands alone.
constexpr double kDenseShare = 0.2;
// The rows of one modality, and the cosine at or below which a pair counts as 0.
struct ModalityRows {
  const Int8Rows& rows;
  float floor;
};

struct Target {
  std::uint32_t id;
  TargetRow first, second;
  PendingCandidates pending;
  Ranking ranking;
  // Arguments of first_passes.
  float slope = 0, threshold = std::numeric_limits<float>::infinity();
};

}  // namespace

struct TileSearch::State {
  State(const MiningData& corpus, const MinerOptions& options,
        std::span<const std::uint32_t> targets)
      : data_(corpus),
        kernel_(int8_kernel(options.instruction_set)),
        filters_(options.filters),
        k_(options.k),
        groups_(options.per_group > 0 ? std::span(corpus.caption_group)
                                      : std::span<const std::uint32_t>()),
        images_{corpus.images.int8(), static_cast<float>(options.rules.image_floor)},
        texts_{corpus.texts.int8(), static_cast<float>(options.rules.text_floor)},
        texts_first_(
            screens_texts_first(options.rules.metric, corpus.images.dim(), corpus.texts.dim())),
        first_(texts_first_ ? texts_ : images_),
        second_(texts_first_ ? images_ : texts_),
        bounds_(options.rules, first_.floor, second_.floor),
        rescorer_(corpus, options),
        first_rows_(first_.rows, targets.size()),
        second_rows_(second_.rows, targets.size()),
        first_dots_(sizeof(std::int32_t) * kTargetsPerGroup * kPanelRows),
        second_dots_(sizeof(std::int32_t) * kTargetsPerGroup * kPanelRows) {
    targets_.reserve(targets.size());
    for (const std::uint32_t t : targets) {
      Target& target = targets_.emplace_back(
          Target{t, TargetRow(first_.rows, t), TargetRow(second_.rows, t),
                 PendingCandidates(options.k, options.per_group), Ranking(options)});
      // A vector of zeros has no cosine above 0.
      const bool searched = data_.may_be_target(t) && target.first.scale > 0 &&
                            target.second.scale > 0 && bounds_.cap() > 0;
      if (searched) {
        target.slope = target.first.slope();
        if (filters_.margins()) target.ranking.limit = rescorer_.limit_of(t);
        set_bar(target);
      }
      all_.push_back(static_cast<std::uint32_t>(all_.size()));
    }
  }

  [[nodiscard]] std::span<const std::uint32_t> all() const { return all_; }

  void scan(const CandidatePanels& panels, std::span<const std::uint32_t> members) {
    first_rows_.clear();
    second_rows_.clear();
    for (const std::uint32_t t : members) first_rows_.add(targets_[t].id);
    for (std::uint64_t p = 0; p < panels.panels(); ++p) {
      for (std::size_t begin = 0; begin < members.size(); begin += kTargetsPerGroup) {
        scan_group(panels, p, members, begin);
      }
    }
  }

  float kth_score(std::size_t t) {
    rescore(targets_[t]);
    return targets_[t].ranking.best.bound();
  }

  std::uint32_t write(std::size_t t, std::span<std::uint32_t> indices, std::span<float> scores) {
    Target& target = targets_[t];
    rescore(target);
    target.ranking.best.write(indices, scores);
    return rescorer_.filled(target.pending.bound(), target.ranking);
  }

 private:
  void set_bar(Target& target) const {
    target.threshold = bounds_.threshold(target.first, target.pending.bound());
  }

  // Scans panel `p` for kTargetsPerGroup of the targets `scanned`, from `begin` on.
  void scan_group(const CandidatePanels& panels, std::uint64_t p,
                  std::span<const std::uint32_t> scanned, std::size_t begin) {
    const auto members = scanned.subspan(begin, std::min(kTargetsPerGroup, scanned.size() - begin));
    const PackedRows& first = first_of(panels);
    kernel_.tile(first_rows_.rows(begin), first_rows_.sums(begin), members.size(), first.panel(p),
                 first_.rows.width(), first_dots(0));
    std::size_t survivors = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const Target& target = targets_[members[i]];
      masks_[i] = kernel_.screen(first_dots(i), first.scales(p), first.errors(p), target.slope,
                                 target.threshold);
      survivors += static_cast<std::size_t>(std::popcount(masks_[i]));
    }
    if (survivors == 0) return;
    const double share =
        static_cast<double>(survivors) / static_cast<double>(members.size() * kPanelRows);
    if (share > kDenseShare) {
      // A scan whose groups are all sparse does without these copies.
      if (second_rows_.empty()) {
        for (const std::uint32_t t : scanned) second_rows_.add(targets_[t].id);
      }
      second_of_all(panels, p, members, begin);
    } else {
      second_of_survivors(panels, p, members);
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (masks_[i] != 0) offer_survivors(panels, p, targets_[members[i]], i);
    }
  }

  [[nodiscard]] std::int32_t* first_dots(std::size_t i) const {
    return reinterpret_cast<std::int32_t*>(first_dots_.data()) + i * kPanelRows;
  }
  [[nodiscard]] std::int32_t* second_dots(std::size_t i) const {
    return reinterpret_cast<std::int32_t*>(second_dots_.data()) + i * kPanelRows;
  }

  [[nodiscard]] const PackedRows& first_of(const CandidatePanels& panels) const {
    return texts_first_ ? panels.texts() : panels.images();
  }
  [[nodiscard]] const PackedRows& second_of(const CandidatePanels& panels) const {
    return texts_first_ ? panels.images() : panels.texts();
  }

  void second_of_all(const CandidatePanels& panels, std::uint64_t p,
                     std::span<const std::uint32_t> members, std::size_t begin) {
    const PackedRows& first = first_of(panels);
    const PackedRows& second = second_of(panels);
    kernel_.tile(second_rows_.rows(begin), second_rows_.sums(begin), members.size(),
                 second.panel(p), second_.rows.width(), second_dots(0));
    for (std::size_t i = 0; i < members.size(); ++i) {
      const Target& target = targets_[members[i]];
      if (masks_[i] == 0) continue;
      masks_[i] &= kernel_.screen_product(
          target.first.screen(first_dots(i), first.scales(p), first.errors(p), first_.floor),
          target.second.screen(second_dots(i), second.scales(p), second.errors(p), second_.floor),
          bounds_.cap(), bounds_.product_threshold(target.pending.bound()));
    }
  }

  void second_of_survivors(const CandidatePanels& panels, std::uint64_t p,
                           std::span<const std::uint32_t> members) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      dots_of_survivors(second_.rows, second_.rows, targets_[members[i]].id, panels, p, masks_[i],
                        second_dots(i));
    }
  }

  // out[c] of each candidate c in the mask: the product of the target's row and the candidate's.
  void dots_of_survivors(const Int8Rows& target_rows, const Int8Rows& candidate_rows,
                         std::uint64_t target, const CandidatePanels& panels, std::uint64_t p,
                         std::uint64_t mask, std::int32_t* out) const {
    std::array<const std::int8_t*, kPanelRows> rows{};
    std::array<std::int32_t, kPanelRows> dots{};
    std::size_t found = 0;
    for (std::uint64_t left = mask; left != 0; left &= left - 1) {
      const auto c = static_cast<std::size_t>(std::countr_zero(left));
      rows[found++] = candidate_rows.row(panels.id(p, c));
    }
    kernel_.rows(target_rows.row(target), target_rows.sum(target), rows.data(), found,
                 candidate_rows.width(), dots.data());
    found = 0;
    for (; mask != 0; mask &= mask - 1) out[std::countr_zero(mask)] = dots[found++];
  }

  void offer_survivors(const CandidatePanels& panels, std::uint64_t p, Target& target,
                       std::size_t i) {
    const PackedRows& firsts = first_of(panels);
    const PackedRows& seconds = second_of(panels);
    const float former = target.pending.bound();
    if (filters_.margins()) bound_similarities(panels, p, target.id, masks_[i]);
    for (std::uint64_t mask = masks_[i]; mask != 0; mask &= mask - 1) {
      const auto c = static_cast<std::size_t>(std::countr_zero(mask));
      const std::uint32_t id = panels.id(p, c);
      const Cosine first =
          target.first.cosine(first_dots(i)[c], firsts.scales(p)[c], firsts.errors(p)[c]);
      const Cosine second =
          target.second.cosine(second_dots(i)[c], seconds.scales(p)[c], seconds.errors(p)[c]);
      const float upper = bounds_.upper(first, second);
      if (upper == 0 || upper < target.pending.bound() || !data_.may_pair(target.id, id)) continue;
      const float lower = bounds_.lower(first, second);
      if (filters_.any()) {
        offer_filtered(target, id, lower, upper, similarities_[c]);
      } else {
        target.pending.offer(id, lower, upper, group_of(id));
      }
      if (target.pending.crowded()) rescore(target);
    }
    if (target.pending.bound() > former) set_bar(target);
  }

  [[nodiscard]] std::uint32_t group_of(std::uint32_t id) const {
    return groups_.empty() ? 0 : groups_[id];
  }

  // similarities_: bounds of sim(I, T) between a target and the candidates of a mask.
  void bound_similarities(const CandidatePanels& panels, std::uint64_t p, std::uint64_t target,
                          std::uint64_t mask) {
    const PackedRows& texts = panels.texts();
    const TargetRow row(images_.rows, target);
    std::array<std::int32_t, kPanelRows> dots{};
    dots_of_survivors(images_.rows, texts_.rows, target, panels, p, mask, dots.data());
    for (; mask != 0; mask &= mask - 1) {
      const auto c = static_cast<std::size_t>(std::countr_zero(mask));
      similarities_[c] = row.cosine(dots[c], texts.scales(p)[c], texts.errors(p)[c]);
    }
  }

  // Only what certainly passes may raise the bound. What certainly fails is left out, but not
  // before it is known whether k scores are positive.
  void offer_filtered(Target& target, std::uint32_t id, float lower, float upper,
                      const Cosine& similarity) const {
    const bool fails = double{upper} < filters_.min_score || double{lower} > filters_.max_score ||
                       double{similarity.low} > target.ranking.limit;
    if (fails && (lower > 0 || target.ranking.positives >= k_)) {
      target.ranking.positives += lower > 0 ? 1 : 0;
      return;
    }
    const bool certain = double{lower} >= filters_.min_score &&
                         double{upper} <= filters_.max_score &&
                         double{similarity.high} <= target.ranking.limit;
    target.pending.offer(id, certain ? lower : 0, upper, group_of(id));
  }

  void rescore(Target& target) {
    const auto candidates = target.pending.take();
    target.pending.raise(
        rescorer_.rescore(target.id, candidates, target.pending.bound(), target.ranking));
  }

  const MiningData& data_;
  const Int8Kernel& kernel_;
  const PairFilters& filters_;
  const std::uint32_t k_;
  const std::span<const std::uint32_t> groups_;  // captions; empty without per_group
  const ModalityRows images_, texts_;
  const bool texts_first_;
  const ModalityRows &first_, &second_;
  const ScoreBounds bounds_;
  Rescorer rescorer_;
  std::vector<Target> targets_;
  std::vector<std::uint32_t> all_;
  GatheredRows first_rows_, second_rows_;  // of the scan at hand
  std::array<std::uint64_t, kTargetsPerGroup> masks_{};
  std::array<Cosine, kPanelRows> similarities_{};
  AlignedBytes first_dots_, second_dots_;
};

TileSearch::TileSearch(const MiningData& data, const MinerOptions& options,
                       std::span<const std::uint32_t> targets)
    : state_(std::make_unique<State>(data, options, targets)) {}

TileSearch::~TileSearch() = default;

void TileSearch::scan(const CandidatePanels& panels) { state_->scan(panels, state_->all()); }

void TileSearch::scan(const CandidatePanels& panels, std::span<const std::uint32_t> members) {
  state_->scan(panels, members);
}

float TileSearch::kth_score(std::size_t t) { return state_->kth_score(t); }

std::uint32_t TileSearch::write(std::size_t t, std::span<std::uint32_t> indices,
                                std::span<float> scores) {
  return state_->write(t, indices, scores);
}

}  // namespace helip::mining
