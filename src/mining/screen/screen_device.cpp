#include "mining/screen/screen_device.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace helip::mining {
namespace {

constexpr std::uint32_t kTileTargets = 4096;
constexpr std::uint32_t kCapacity = 4096;

bool texts_first(const MiningData& data, const ScoreRules& rules) {
  return screens_texts_first(rules.metric, data.images.dim(), data.texts.dim());
}

PairScreen pair_screen(const MiningData& data, const MinerOptions& options) {
  const ScoreRules& rules = options.rules;
  const auto images = static_cast<float>(rules.image_floor);
  const auto texts = static_cast<float>(rules.text_floor);
  const bool swapped = texts_first(data, rules);
  const PairFilters& filters = options.filters;
  // No score exceeds 1, though its upper bound may.
  const double most =
      filters.max_score >= 1 ? std::numeric_limits<double>::infinity() : filters.max_score;
  return {ScoreBounds(rules, swapped ? texts : images, swapped ? images : texts), filters.min_score,
          most};
}

// Exact scores alone tell which pairs of a frequent caption stay in a row. The bounds of the others
// are proven by the device: their group is never full.
std::vector<std::uint8_t> pairs_of_frequent_captions(const MiningData& data,
                                                     std::uint32_t per_group) {
  if (per_group == 0) return {};
  std::unordered_map<std::uint32_t, std::uint32_t> sizes;
  for (const std::uint32_t group : data.caption_group) ++sizes[group];
  std::vector<std::uint8_t> frequent;
  frequent.reserve(data.caption_group.size());
  for (const std::uint32_t group : data.caption_group) {
    frequent.push_back(sizes[group] > per_group ? 1 : 0);
  }
  return frequent;
}

}  // namespace

ScreenSizes screen_sizes(std::uint32_t k) {
  // Room for four times k keeps the chunks long; a power of two divides the memory evenly.
  std::uint32_t capacity = kCapacity;
  while (capacity < std::uint64_t{k} * 4 && capacity < 1U << 30) capacity *= 2;
  return {std::max(128U, kTileTargets / (capacity / kCapacity)), capacity};
}

ScreenJob::ScreenJob(const MiningData& corpus, const MinerOptions& options,
                     const ScreenSizes& buffers)
    : data(corpus),
      first(texts_first(corpus, options.rules) ? corpus.texts.int8() : corpus.images.int8()),
      second(texts_first(corpus, options.rules) ? corpus.images.int8() : corpus.texts.int8()),
      screen(pair_screen(corpus, options)),
      k(options.k),
      sizes(buffers),
      first_errors(first.errors().begin(), first.errors().end()),
      may_be_capped(pairs_of_frequent_captions(corpus, options.per_group)) {
  for (std::size_t i = 0; i < corpus.quarantined.size(); ++i) {
    if (corpus.quarantined[i] != 0) first_errors[i] = -kInfinity;
  }
}

ScreenTarget ScreenJob::target(std::uint64_t id) const {
  ScreenTarget target{.id = static_cast<std::uint32_t>(id),
                      .image_group = data.image_group.empty() ? 0 : data.image_group[id],
                      .caption_group = data.caption_group.empty() ? 0 : data.caption_group[id],
                      .first = {},
                      .second = {}};
  // A vector of zeros has no cosine above 0.
  const bool searched = data.may_be_target(id) && first.scale(id) > 0 && second.scale(id) > 0 &&
                        screen.bounds.cap() > 0;
  if (searched) {
    target.first = TargetRow(first, id);
    target.second = TargetRow(second, id);
  }
  return target;
}

CandidateRows ScreenJob::candidates(std::uint64_t from, std::uint64_t count) const {
  return {.first = first.row(from),
          .second = second.row(from),
          .first_scales = first.scales().data() + from,
          .first_errors = first_errors.data() + from,
          .second_scales = second.scales().data() + from,
          .second_errors = second.errors().data() + from,
          .image_groups = data.image_group.empty() ? nullptr : data.image_group.data() + from,
          .caption_groups = data.caption_group.empty() ? nullptr : data.caption_group.data() + from,
          .may_be_capped = may_be_capped.empty() ? nullptr : may_be_capped.data() + from,
          .id = static_cast<std::uint32_t>(from),
          .count = static_cast<std::uint32_t>(count)};
}

}  // namespace helip::mining
