// Oracles and small data sets of the mining tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/ids.h"
#include "common/rng.h"
#include "config/run_config.h"
#include "mining/miners/pair_miner.h"
#include "mining/mining_job.h"
#include "mining/pairs/mining_data.h"
#include "store/hard_pair_table.h"
#include "store/npy.h"

namespace helip::test {

// Rows of both modalities, as a test makes them.
struct Pairs {
  std::uint32_t image_dim = 0;
  std::uint32_t text_dim = 0;
  std::vector<float> images;  // [N, image_dim]
  std::vector<float> texts;   // [N, text_dim]
  std::vector<std::uint32_t> image_group;
  std::vector<std::uint32_t> caption_group;
  std::vector<std::uint8_t> quarantined;

  [[nodiscard]] std::uint64_t count() const { return images.size() / image_dim; }
  [[nodiscard]] std::span<const float> image(std::uint64_t i) const {
    return std::span(images).subspan(i * image_dim, image_dim);
  }
  [[nodiscard]] std::span<const float> text(std::uint64_t i) const {
    return std::span(texts).subspan(i * text_dim, text_dim);
  }
  [[nodiscard]] mining::MiningData data() const {
    return {mining::EmbeddingMatrix(images, image_dim), mining::EmbeddingMatrix(texts, text_dim),
            image_group, caption_group, quarantined};
  }
};

// Normal values; a pair shares part of its direction with others of its cluster.
inline Pairs random_pairs(std::uint64_t count, std::uint32_t image_dim, std::uint32_t text_dim,
                          std::uint64_t seed) {
  constexpr std::uint64_t kClusters = 7;
  Pairs pairs;
  pairs.image_dim = image_dim;
  pairs.text_dim = text_dim;
  for (std::uint64_t i = 0; i < count; ++i) {
    for (const bool is_text : {false, true}) {
      RandomStream centre(seed, "test.centre", {i % kClusters, is_text ? 1U : 0U});
      RandomStream own(seed, "test.own", {i, is_text ? 1U : 0U});
      std::vector<float>& values = is_text ? pairs.texts : pairs.images;
      for (std::uint32_t e = 0; e < (is_text ? text_dim : image_dim); ++e) {
        values.push_back(static_cast<float>(centre.normal() + 0.9 * own.normal()));
      }
    }
  }
  return pairs;
}

inline void scale_row(std::vector<float>& values, std::uint32_t dim, std::uint64_t row,
                      float factor) {
  for (std::uint32_t e = 0; e < dim; ++e) values[row * dim + e] *= factor;
}

inline void copy_row(std::vector<float>& values, std::uint32_t dim, std::uint64_t from,
                     std::uint64_t to) {
  std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(from * dim), dim,
              values.begin() + static_cast<std::ptrdiff_t>(to * dim));
}

// Ties, exact duplicates, zero, denormal and huge rows, opposite rows.
inline Pairs nasty_pairs() {
  Pairs pairs = random_pairs(203, 17, 9, 3);
  for (std::uint64_t i = 10; i < 30; ++i) {  // equal pairs: score ties for every target
    copy_row(pairs.images, 17, 5, i);
    copy_row(pairs.texts, 9, 6, i);
  }
  copy_row(pairs.images, 17, 40, 41);  // duplicates in one modality
  copy_row(pairs.texts, 9, 50, 51);
  scale_row(pairs.images, 17, 60, 0);
  scale_row(pairs.texts, 9, 61, 0);
  scale_row(pairs.images, 17, 62, 0);
  scale_row(pairs.texts, 9, 62, 0);
  scale_row(pairs.images, 17, 63, 1e-40F);  // denormal
  scale_row(pairs.texts, 9, 64, 1e-44F);
  scale_row(pairs.images, 17, 65, 1e35F);
  scale_row(pairs.texts, 9, 66, 1e35F);
  scale_row(pairs.images, 17, 67, -1);  // opposite directions
  scale_row(pairs.texts, 9, 67, -1);
  for (std::uint64_t i = 70; i < 80; ++i) scale_row(pairs.texts, 9, i, 0x1p20F);
  return pairs;
}

// Values of a small grid: cosines lie exactly on floors and ceilings, scores tie everywhere.
inline Pairs grid_pairs() {
  Pairs pairs;
  pairs.image_dim = 4;
  pairs.text_dim = 3;
  RandomStream stream(8, "test.grid", {});
  for (int i = 0; i < 150; ++i) {
    for (int e = 0; e < 4; ++e) pairs.images.push_back(static_cast<float>(stream.below(3)) - 1);
    for (int e = 0; e < 3; ++e) pairs.texts.push_back(static_cast<float>(stream.below(3)) - 1);
  }
  return pairs;
}

struct Rows {
  std::vector<std::uint32_t> indices;
  std::vector<float> scores;
  std::vector<std::uint32_t> filled{};  // slots before any filter
  bool operator==(const Rows&) const = default;
};

inline Rows empty_rows(std::uint64_t count, std::uint32_t k) {
  return {std::vector<std::uint32_t>(count * k, 7), std::vector<float>(count * k, -1.0F),
          std::vector<std::uint32_t>(count, 7)};
}

// All candidates of each target scored by exact_pair_score and fully sorted; then, if given, those
// left that kept(target, candidate, score) holds for.
inline Rows brute_force(
    const Pairs& pairs, const mining::ScoreRules& rules, std::uint32_t k,
    const std::function<bool(std::uint64_t target, std::uint64_t candidate)>& in_pool = {},
    const std::function<bool(std::uint64_t target, std::uint64_t candidate, float score)>& kept =
        {}) {
  Rows rows;
  const auto same = [](const std::vector<std::uint32_t>& group, std::uint64_t i, std::uint64_t j) {
    return !group.empty() && group[i] == group[j];
  };
  const auto bad = [&](std::uint64_t i) {
    return !pairs.quarantined.empty() && pairs.quarantined[i] != 0;
  };
  for (std::uint64_t i = 0; i < pairs.count(); ++i) {
    std::vector<std::pair<float, std::uint32_t>> found;
    std::uint32_t positive = 0;
    for (std::uint64_t j = 0; j < pairs.count(); ++j) {
      if (i == j || bad(i) || bad(j) || same(pairs.image_group, i, j) ||
          same(pairs.caption_group, i, j) || (in_pool && !in_pool(i, j))) {
        continue;
      }
      const float score = mining::exact_pair_score(pairs.image(i), pairs.image(j), pairs.text(i),
                                                   pairs.text(j), rules);
      if (!(score > 0)) continue;
      ++positive;
      if (!kept || kept(i, j, score)) found.emplace_back(-score, static_cast<std::uint32_t>(j));
    }
    rows.filled.push_back(std::min(positive, k));
    std::sort(found.begin(), found.end());
    for (std::uint32_t slot = 0; slot < k; ++slot) {
      rows.indices.push_back(slot < found.size() ? found[slot].second : kNoPair);
      rows.scores.push_back(slot < found.size() ? -found[slot].first : 0.0F);
    }
  }
  return rows;
}

// The definition of mining.per_group, applied to complete rankings: [count, width] with all
// candidates of each target. A candidate stays if fewer than per_group of its caption group are
// before it; a row is the first k that stay.
inline Rows capped_by_group(const Rows& rankings, std::uint32_t width,
                            const std::vector<std::uint32_t>& group, std::uint32_t per_group,
                            std::uint32_t k) {
  Rows capped;
  for (std::size_t i = 0; i < rankings.filled.size(); ++i) {
    const auto ids = std::span(rankings.indices).subspan(i * width, width);
    std::uint32_t found = 0;
    for (std::size_t slot = 0; slot < width && ids[slot] != kNoPair && found < k; ++slot) {
      const auto better =
          std::count_if(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(slot),
                        [&](std::uint32_t id) { return group[id] == group[ids[slot]]; });
      if (better >= std::ptrdiff_t{per_group}) continue;
      capped.indices.push_back(ids[slot]);
      capped.scores.push_back(rankings.scores[i * width + slot]);
      ++found;
    }
    capped.indices.resize((i + 1) * k, kNoPair);
    capped.scores.resize((i + 1) * k, 0.0F);
    capped.filled.push_back(std::min(k, rankings.filled[i]));
  }
  return capped;
}

// The hub cap's definition by full sorts: each candidate keeps its `cap` best choosers, rows of
// `width` keep k of what is left.
inline Rows capped_by_definition(const Rows& rows, std::uint32_t width, std::uint32_t cap,
                                 std::uint32_t k) {
  std::map<std::uint32_t, std::vector<std::pair<float, std::size_t>>> choosers;
  for (std::size_t slot = 0; slot < rows.indices.size(); ++slot) {
    choosers[rows.indices[slot]].emplace_back(-rows.scores[slot], slot / width);
  }
  std::map<std::uint32_t, std::set<std::size_t>> kept;
  for (auto& [id, all] : choosers) {
    std::sort(all.begin(), all.end());
    all.resize(std::min<std::size_t>(cap, all.size()));
    for (const auto& [negative, target] : all) kept[id].insert(target);
  }
  Rows capped;
  for (std::size_t i = 0; i < rows.indices.size() / width; ++i) {
    for (std::size_t slot = i * width; slot < (i + 1) * width; ++slot) {
      const std::uint32_t id = rows.indices[slot];
      if (id == kNoPair || !kept[id].contains(i) || capped.indices.size() == (i + 1) * k) continue;
      capped.indices.push_back(id);
      capped.scores.push_back(rows.scores[slot]);
    }
    capped.indices.resize((i + 1) * k, kNoPair);
    capped.scores.resize((i + 1) * k, 0.0F);
  }
  return capped;
}

inline Rows mined(const mining::PairMiner& miner, std::uint64_t first, std::uint64_t count,
                  std::uint32_t k) {
  Rows rows = empty_rows(count, k);
  miner.mine({first, count}, rows.indices, rows.scores, rows.filled, {});
  return rows;
}

inline Rows mined_exactly(const Pairs& pairs, const mining::ScoreRules& rules, std::uint32_t k,
                          std::uint32_t threads = 1, const std::string& instruction_set = "auto") {
  const mining::MiningData data = pairs.data();
  const mining::MinerOptions options{
      .rules = rules, .k = k, .threads = threads, .instruction_set = instruction_set};
  return mined(*mining::make_exact_miner(data, options), 0, pairs.count(), k);
}

// For the table of grouped_pairs().
inline config::MiningConfig small_config(config::MiningMethod method) {
  config::MiningConfig config;
  config.method = method;
  config.hard_pairs_per_target = 6;
  config.pool_size = 60;
  config.pool_refresh_targets = 77;
  config.task_targets = 50;
  config.text_floor = 0.125;
  return config;
}

// 210 pairs with duplicates and quarantined ones.
inline Pairs grouped_pairs() {
  Pairs pairs = random_pairs(210, 24, 16, 21);
  for (std::uint32_t i = 0; i < 210; ++i) {
    pairs.image_group.push_back(i < 200 ? i : 200);
    pairs.caption_group.push_back(i % 3 == 0 ? i / 30 * 30 : i);
    pairs.quarantined.push_back(i == 5 || i == 100 ? 1 : 0);
  }
  return pairs;
}

// What the error of `work` says.
template <typename Work>
std::string error_of(Work&& work) {
  try {
    work();
  } catch (const Error& problem) {
    return problem.what();
  }
  return "no error";
}

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

template <typename T>
void write_npy(const std::filesystem::path& file, store::DType dtype,
               const std::vector<std::uint64_t>& shape, const std::vector<T>& values) {
  store::NpyWriter writer(file, dtype, shape);
  writer.write_values(std::span<const T>(values));
  writer.publish();
}

// A table with these rows; the manifest needs neither the number of pairs nor k.
inline store::HardPairTable write_table(const std::filesystem::path& folder, std::uint32_t k,
                                        const Rows& rows, store::HardPairManifest manifest = {}) {
  manifest.pairs = rows.indices.size() / k;
  manifest.hard_pairs_per_target = k;
  store::HardPairTableWriter writer(folder, manifest);
  writer.rows(rows.indices, rows.scores);
  writer.publish();
  return store::HardPairTable::open(folder);
}

// The pairs as files: FOLDER/img_emb/img_emb_0.npy, FOLDER/text_emb/…, FOLDER/groups/….
inline mining::MiningInput write_pairs(const Pairs& pairs, const std::filesystem::path& folder) {
  const std::uint64_t n = pairs.count();
  write_npy(folder / "img_emb" / "img_emb_0.npy", store::DType::kF32, {n, pairs.image_dim},
            pairs.images);
  write_npy(folder / "text_emb" / "text_emb_0.npy", store::DType::kF32, {n, pairs.text_dim},
            pairs.texts);
  mining::MiningInput input{.image_embeddings = folder,
                            .text_embeddings = folder,
                            .duplicate_groups = {},
                            .quarantine = {}};
  if (!pairs.image_group.empty()) {
    input.duplicate_groups = folder / "groups";
    write_npy(input.duplicate_groups / "image_group.npy", store::DType::kU32, {n},
              pairs.image_group);
    write_npy(input.duplicate_groups / "caption_group.npy", store::DType::kU32, {n},
              pairs.caption_group);
  }
  if (!pairs.quarantined.empty()) {
    input.quarantine = folder / "quarantine";
    write_npy(input.quarantine / "quarantine.npy", store::DType::kBool, {n}, pairs.quarantined);
  }
  return input;
}

}  // namespace helip::test
