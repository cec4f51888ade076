#include "mining/table/positive_ratio.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/ids.h"
#include "common/rng.h"
#include "common/text.h"
#include "mining/pairs/embedding_files.h"
#include "mining/pairs/pair_score.h"
#include "store/embedding_store.h"

namespace helip::mining {
namespace {

namespace fs = std::filesystem;

// Rows of one modality, one at a time.
class Rows {
 public:
  Rows(const fs::path& path, const std::string& modality)
      : path_(modality_path(path, modality)),
        store_(store::EmbeddingStore::open(path_)),
        buffer_(store_.dim()) {}

  [[nodiscard]] const store::EmbeddingStore& store() const { return store_; }
  [[nodiscard]] std::string name() const { return path_.string(); }

  // Valid until the next call.
  std::span<const float> row(std::uint64_t i) { return store_.row(i, buffer_); }

  double squared_norm(std::uint64_t i) { return finite_squared_norm(store_, i, row(i)); }

 private:
  fs::path path_;
  store::EmbeddingStore store_;
  std::vector<float> buffer_;
};

void check(const store::HardPairTable& table, const Rows& images, const Rows& texts) {
  if (images.store().dim() != texts.store().dim()) {
    throw ConfigError({.what = "image and text embeddings are not in one joint space",
                       .where = texts.name(),
                       .expected = cat("width ", images.store().dim(), ", as in ", images.name()),
                       .found = cat("width ", texts.store().dim())});
  }
  for (const Rows* rows : {&images, &texts}) {
    if (rows->store().rows() != table.size()) {
      throw StoreError({.what = "the embeddings are not of the table's pairs",
                        .where = rows->name(),
                        .expected = cat(table.size(), " rows, as in ", table.folder().string()),
                        .found = cat(rows->store().rows(), " rows")});
    }
  }
}

// Ascending, so that the files are read from front to back. A table's ids have 32 bits.
std::vector<std::uint32_t> sample(std::uint64_t pairs, const RatioTargets& targets) {
  RandomStream stream(targets.seed, "mining.positive_ratio", {});
  std::vector<std::uint32_t> ids = sample_without_replacement(
      stream, static_cast<std::uint32_t>(pairs), static_cast<std::uint32_t>(targets.most));
  std::sort(ids.begin(), ids.end());
  return ids;
}

// `ratios` in any order comes back in another.
void summarise(std::vector<float>& ratios, PositiveRatios& result) {
  result.slots = ratios.size();
  if (ratios.empty()) return;
  double sum = 0;
  for (const float ratio : ratios) {
    sum += ratio;
    result.above_suspect += ratio > kSuspectRatio ? 1 : 0;
    result.above_one += ratio > 1 ? 1 : 0;
  }
  result.mean = sum / static_cast<double>(ratios.size());
  for (std::size_t q = 0; q < kScoreQuantiles.size(); ++q) {
    const auto place =
        ratios.begin() +
        static_cast<std::ptrdiff_t>(kScoreQuantiles[q] * static_cast<double>(ratios.size() - 1));
    std::nth_element(ratios.begin(), place, ratios.end());
    result.quantiles[q] = *place;
  }
}

}  // namespace

PositiveRatios positive_ratios(const store::HardPairTable& table, const fs::path& image_embeddings,
                               const fs::path& text_embeddings, const RatioTargets& targets) {
  Rows images(image_embeddings, "img_emb");
  Rows texts(text_embeddings, "text_emb");
  check(table, images, texts);
  constexpr double kUnknown = -1;
  std::vector<double> text_norms(table.size(), kUnknown);
  const auto text_norm = [&](std::uint64_t i) {
    if (text_norms[i] == kUnknown) text_norms[i] = texts.squared_norm(i);
    return text_norms[i];
  };

  PositiveRatios result;
  std::vector<float> ratios;
  const auto look_at = [&](std::uint64_t target) {
    const double image_norm = images.squared_norm(target);
    const auto image = images.row(target);
    const auto fit = [&](std::uint64_t text) {
      const double norm = text_norm(text);  // before the row, which shares its buffer
      return cosine(exact_dot(image, texts.row(text)), image_norm * norm);
    };
    const double own = fit(target);
    for (const std::uint32_t id : table.partners(SampleId{target})) {
      if (id == kNoPair) break;
      if (own > 0) {
        ratios.push_back(static_cast<float>(fit(id) / own));
      } else {
        ++result.left_out;
      }
    }
  };
  if (targets.most < table.size()) {
    result.targets = targets.most;
    for (const std::uint32_t target : sample(table.size(), targets)) look_at(target);
  } else {
    result.targets = table.size();
    for (std::uint64_t target = 0; target < table.size(); ++target) look_at(target);
  }
  summarise(ratios, result);
  return result;
}

}  // namespace helip::mining
