// Candidate pools of FastHPM.
#pragma once

#include <cstdint>
#include <vector>

namespace helip::mining {

struct PoolRule {
  std::uint64_t pairs = 0;            // N
  std::uint64_t pool_size = 0;        // C; more than N counts as N
  std::uint64_t refresh_targets = 1;  // targets that share one pool
  std::uint64_t seed = 0;
  std::uint64_t table_version = 1;
};

// Returns the number of a target's pool: floor(target / refresh_targets).
inline std::uint64_t pool_of(const PoolRule& rule, std::uint64_t target) {
  return target / rule.refresh_targets;
}

// Returns the ids of a pool, ascending: C of N without replacement, a pure function of (seed, table
// version, pool) through common/rng (stream "mining.pool"). Golden file:
// tests/golden/mining/pools.json.
std::vector<std::uint32_t> draw_pool(const PoolRule& rule, std::uint64_t pool);

}  // namespace helip::mining
