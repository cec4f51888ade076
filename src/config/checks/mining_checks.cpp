#include "config/checks/section_checks.h"

namespace helip::config {

void check(const MiningConfig& mining, Checks& checks) {
  checks.that(
      mining.method != MiningMethod::kFast || mining.hard_pairs_per_target < mining.pool_size,
      "mining.hard_pairs_per_target",
      cat("at most mining.pool_size - 1 (", mining.pool_size - 1, ")"),
      mining.hard_pairs_per_target);
  const std::string floor_range =
      cat("0 or more, below mining.duplicate_ceiling (", mining.duplicate_ceiling, ") and 1");
  const auto floor_fits = [&](double floor) {
    return floor >= 0 && floor < mining.duplicate_ceiling && floor < 1;
  };
  checks.that(floor_fits(mining.image_floor), "mining.image_floor", floor_range,
              mining.image_floor);
  checks.that(floor_fits(mining.text_floor), "mining.text_floor", floor_range, mining.text_floor);
  const bool lists = mining.index != IndexWay::kShort;
  checks.that(lists || mining.index_lists == 0, "mining.index_lists", "0 with mining.index: short",
              mining.index_lists);
  checks.that(lists || mining.index_probes == 0, "mining.index_probes",
              "0 with mining.index: short", mining.index_probes);
  checks.that(mining.max_score >= mining.min_score && mining.max_score <= 1 && mining.max_score > 0,
              "mining.max_score",
              cat("above 0, at least mining.min_score (", mining.min_score, "), at most 1 (all)"),
              mining.max_score);
}

// Mining would refuse it too, after hours of encoding.
void check_margins_on_device(const RunConfig& config, Checks& checks) {
  const MiningConfig& mining = config.mining;
  const bool margins = mining.absolute_margin || mining.relative_margin;
  if (!margins || config.train.hard_pairs != HardPairs::kMined) return;
  if (mining.method != MiningMethod::kExact) return;
  if (config.launcher.device != DeviceChoice::kCuda) return;
  checks.fail(mining.absolute_margin ? "mining.absolute_margin" : "mining.relative_margin",
              {.what = "a positive-aware margin is not mined on a GPU",
               .expected = "launcher.device: auto or cpu",
               .found = cat(config.launcher.device)});
}

}  // namespace helip::config
