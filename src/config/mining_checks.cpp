#include <cstdint>
#include <limits>

#include "config/section_checks.h"

namespace helip::config {

void check(const MiningConfig& mining, Checks& checks) {
  constexpr std::uint64_t kMaxPairs = std::numeric_limits<std::uint32_t>::max() - 1ULL;
  checks.one_of(mining.method, "mining.method", {"exact", "fast", "index"});
  checks.that(in_range(mining.hard_pairs_per_target, 1, 65536), "mining.hard_pairs_per_target",
              "1 to 65536", mining.hard_pairs_per_target);
  checks.that(mining.pool_size >= 2 && mining.pool_size <= kMaxPairs, "mining.pool_size",
              cat("2 to ", kMaxPairs), mining.pool_size);
  checks.that(mining.method != "fast" || mining.hard_pairs_per_target < mining.pool_size,
              "mining.hard_pairs_per_target",
              cat("at most mining.pool_size - 1 (", mining.pool_size - 1, ")"),
              mining.hard_pairs_per_target);
  checks.that(mining.pool_refresh_targets >= 1, "mining.pool_refresh_targets", "at least 1",
              mining.pool_refresh_targets);
  checks.that(mining.duplicate_ceiling > 0 && mining.duplicate_ceiling <= 2,
              "mining.duplicate_ceiling", "above 0, at most 2 (above 1 turns it off)",
              mining.duplicate_ceiling);
  const std::string floor_range =
      cat("0 or more, below mining.duplicate_ceiling (", mining.duplicate_ceiling, ") and 1");
  const auto floor_fits = [&](double floor) {
    return floor >= 0 && floor < mining.duplicate_ceiling && floor < 1;
  };
  checks.that(floor_fits(mining.image_floor), "mining.image_floor", floor_range,
              mining.image_floor);
  checks.that(floor_fits(mining.text_floor), "mining.text_floor", floor_range, mining.text_floor);
  checks.one_of(mining.index, "mining.index", {"auto", "lists", "short"});
  checks.that(mining.index != "short" || mining.index_lists == 0, "mining.index_lists",
              "0 with mining.index: short", mining.index_lists);
  checks.that(mining.index != "short" || mining.index_probes == 0, "mining.index_probes",
              "0 with mining.index: short", mining.index_probes);
  checks.that(mining.index_recall > 0 && mining.index_recall < 1, "mining.index_recall",
              "above 0, below 1", mining.index_recall);
  checks.one_of(mining.metric, "mining.metric", {"product", "image", "text"});
  checks.that(in_range(mining.min_score, 0, 1), "mining.min_score", "0 (all) to 1",
              mining.min_score);
  checks.that(in_range(mining.max_score, mining.min_score, 1) && mining.max_score > 0,
              "mining.max_score",
              cat("above 0, at least mining.min_score (", mining.min_score, "), at most 1 (all)"),
              mining.max_score);
  if (mining.absolute_margin) {
    checks.that(in_range(*mining.absolute_margin, 0, 2), "mining.absolute_margin",
                "0 to 2, or null", *mining.absolute_margin);
  }
  if (mining.relative_margin) {
    checks.that(in_range(*mining.relative_margin, 0, 1), "mining.relative_margin",
                "0 to 1, or null", *mining.relative_margin);
  }
  checks.that(mining.task_targets >= 1, "mining.task_targets", "at least 1", mining.task_targets);
  checks.that(mining.task_seconds >= 0 && mining.task_seconds <= 86400, "mining.task_seconds",
              "0 (tasks are not enlarged) to 86400", mining.task_seconds);
  checks.one_of(mining.instruction_set, "mining.instruction_set",
                {"auto", "amx", "avx512vnni", "avx2", "portable"});
}

}  // namespace helip::config
