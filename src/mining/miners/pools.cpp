#include "mining/miners/pools.h"

#include <algorithm>
#include <numeric>

#include "common/rng.h"

namespace helip::mining {

std::vector<std::uint32_t> draw_pool(const PoolRule& rule, std::uint64_t pool) {
  const auto pairs = static_cast<std::uint32_t>(rule.pairs);
  if (rule.pool_size >= rule.pairs) {
    std::vector<std::uint32_t> all(pairs);
    std::iota(all.begin(), all.end(), 0U);
    return all;
  }
  RandomStream stream(rule.seed, "mining.pool", {rule.table_version, pool});
  std::vector<std::uint32_t> ids =
      sample_without_replacement(stream, pairs, static_cast<std::uint32_t>(rule.pool_size));
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace helip::mining
