// The data of one corpus that miners read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mining/pairs/embedding_matrix.h"
#include "mining/pairs/pair_score.h"

namespace helip::mining {

struct MiningData {
  EmbeddingMatrix images;
  EmbeddingMatrix texts;
  // Duplicate groups; both empty if there are none, else [N].
  std::vector<std::uint32_t> image_group;
  std::vector<std::uint32_t> caption_group;
  // Nonzero: never a target or a candidate. Empty if nothing is quarantined, else [N].
  std::vector<std::uint8_t> quarantined;
  // Folder for the 8-bit copies that a search packs; empty: they are held in memory.
  std::string scratch = {};

  [[nodiscard]] std::uint64_t pairs() const { return images.rows(); }

  // Returns false if the candidate is excluded whatever its score: it is the target itself, a
  // duplicate of the target, or quarantined.
  [[nodiscard]] bool may_pair(std::uint64_t target, std::uint64_t candidate) const {
    return target != candidate && (quarantined.empty() || quarantined[candidate] == 0) &&
           (image_group.empty() || image_group[target] != image_group[candidate]) &&
           (caption_group.empty() || caption_group[target] != caption_group[candidate]);
  }
  [[nodiscard]] bool may_be_target(std::uint64_t target) const {
    return quarantined.empty() || quarantined[target] == 0;
  }
};

}  // namespace helip::mining
