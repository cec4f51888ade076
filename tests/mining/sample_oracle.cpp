#include "mining/sample_oracle.h"

#include <algorithm>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"
#include "config/read_choice.h"
#include "mining/kernels/dot_kernels.h"
#include "mining/kernels/parallel.h"
#include "mining/miners/recall.h"
#include "mining/pairs/embedding_files.h"
#include "mining/pairs/pair_score.h"
#include "store/embedding_store.h"

namespace helip::test {
namespace {

constexpr std::size_t kTargetsAtOnce = 32;
constexpr std::uint64_t kCandidatesAtOnce = 256;
// One in kCheckedOneIn of the candidates that are in no row is scored by exact_pair_score too.
constexpr std::uint64_t kCheckedOneIn = 1009;

using Found = std::vector<std::pair<float, std::uint32_t>>;  // -score, candidate

// One modality in float32, rows padded with zeros as the kernels take them.
struct FloatRows {
  FloatRows(const std::filesystem::path& path, std::uint32_t threads)
      : store(store::EmbeddingStore::open(path)),
        width((store.dim() + mining::kRowPadding - 1) / mining::kRowPadding * mining::kRowPadding),
        values(store.rows() * width),
        squared_norms(store.rows()) {
    mining::for_each_index(store.rows(), threads, [&](std::uint64_t i) {
      store.read_rows(i, 1, std::span(values).subspan(i * width, store.dim()));
      squared_norms[i] = mining::exact_dot(row(i), row(i));
    });
  }
  [[nodiscard]] std::span<const float> row(std::uint64_t i) const {
    return std::span(values).subspan(i * width, store.dim());
  }

  store::EmbeddingStore store;
  std::size_t width;
  std::vector<float> values;
  std::vector<double> squared_norms;
};

void check_table(const store::HardPairTable& table, const SampleOracle& oracle) {
  const store::HardPairManifest& manifest = table.manifest();
  if (manifest.method != "exact" || manifest.min_score > 0 || manifest.max_score < 1 ||
      manifest.absolute_margin || manifest.relative_margin || manifest.hub_cap > 0 ||
      manifest.per_group > 0) {
    throw DataError({.what = "brute force without filters says nothing of this table",
                     .where = table.folder().string(),
                     .expected = "method exact, no filters, no caps"});
  }
  if (manifest.embeddings_digest != mining::embeddings_digest(oracle.images, oracle.texts)) {
    throw DataError({.what = "the table is not of these embeddings",
                     .where = table.folder().string(),
                     .expected = cat("those of digest ", manifest.embeddings_digest)});
  }
}

class Sample {
 public:
  Sample(const store::HardPairTable& table, const SampleOracle& oracle)
      : table_(table),
        rules_{.image_floor = table.manifest().image_floor,
               .text_floor = table.manifest().text_floor,
               .duplicate_ceiling = table.manifest().duplicate_ceiling,
               .metric = config::read_choice<mining::Metric>(table.manifest().metric, "metric")},
        images_(mining::modality_path(oracle.images, "img_emb"), oracle.threads),
        texts_(mining::modality_path(oracle.texts, "text_emb"), oracle.threads),
        targets_(mining::recall_sample(table.size(), oracle.targets, oracle.seed)),
        threads_(oracle.threads) {}

  std::optional<std::string> first_difference() {
    const std::uint64_t groups = (targets_.size() + kTargetsAtOnce - 1) / kTargetsAtOnce;
    mining::for_each_index(groups, threads_, [&](std::uint64_t group) {
      const std::size_t first = group * kTargetsAtOnce;
      const auto ids =
          std::span(targets_).subspan(first, std::min(kTargetsAtOnce, targets_.size() - first));
      std::vector<Found> found = search(ids);
      for (std::size_t t = 0; t < ids.size(); ++t) compare(ids[t], found[t]);
    });
    if (differences_.empty()) return std::nullopt;
    return std::min_element(differences_.begin(), differences_.end())->second;
  }

 private:
  // Candidates with a positive score, of each target.
  std::vector<Found> search(std::span<const std::uint32_t> ids) {
    std::vector<Found> found(ids.size());
    std::vector<double> image_dots(ids.size() * kCandidatesAtOnce), text_dots(image_dots.size());
    for (std::uint64_t begin = 0; begin < table_.size(); begin += kCandidatesAtOnce) {
      const std::uint64_t count = std::min(kCandidatesAtOnce, table_.size() - begin);
      dots(images_, ids, begin, count, image_dots);
      dots(texts_, ids, begin, count, text_dots);
      for (std::size_t t = 0; t < ids.size(); ++t) {
        for (std::uint64_t c = 0; c < count; ++c) {
          const std::uint64_t candidate = begin + c;
          if (candidate == ids[t]) continue;
          const float score = mining::score_from_dots(
              image_dots[t * count + c],
              images_.squared_norms[ids[t]] * images_.squared_norms[candidate],
              text_dots[t * count + c],
              texts_.squared_norms[ids[t]] * texts_.squared_norms[candidate], rules_);
          if (candidate % kCheckedOneIn == ids[t] % kCheckedOneIn) {
            check_kernel(ids[t], candidate, score);
          }
          if (score > 0) found[t].emplace_back(-score, static_cast<std::uint32_t>(candidate));
        }
      }
    }
    return found;
  }

  static void dots(const FloatRows& rows, std::span<const std::uint32_t> ids, std::uint64_t begin,
                   std::uint64_t count, std::vector<double>& out) {
    std::vector<const float*> targets, candidates;
    for (const std::uint32_t id : ids) targets.push_back(rows.row(id).data());
    for (std::uint64_t c = 0; c < count; ++c) candidates.push_back(rows.row(begin + c).data());
    mining::dot_kernels().front().dots(targets.data(), targets.size(), candidates.data(), count,
                                       rows.width, out.data());
  }

  void check_kernel(std::uint64_t target, std::uint64_t candidate, float score) {
    const float exact = mining::exact_pair_score(images_.row(target), images_.row(candidate),
                                                 texts_.row(target), texts_.row(candidate), rules_);
    if (exact == score) return;
    report(target, cat("target ", target, ", pair ", candidate, ": exact_pair_score ", exact,
                       ", dot kernel ", mining::dot_kernels().front().name, " ", score));
  }

  void compare(std::uint32_t target, Found& found) {
    const auto filled = std::min<std::size_t>(table_.k(), found.size());
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(filled),
                      found.end());
    found.resize(table_.k(), {0.0F, kNoPair});
    const auto partners = table_.partners(SampleId{target});
    const auto scores = table_.scores(SampleId{target});
    for (std::uint32_t slot = 0; slot < table_.k(); ++slot) {
      const auto [negative, candidate] = found[slot];
      if (slot < filled) check_kernel(target, candidate, -negative);
      if (partners[slot] == candidate && scores[slot] == -negative) continue;
      return report(target, cat("target ", target, ", slot ", slot, ": expected pair ", candidate,
                                " with score ", -negative, "; found ", partners[slot], " with ",
                                scores[slot]));
    }
    if (table_.suitable(SampleId{target}) != (filled == table_.k())) {
      report(target, cat("target ", target, ": ", filled, " hard pairs, but suitable is ",
                         table_.suitable(SampleId{target})));
    }
  }

  void report(std::uint64_t target, std::string difference) {
    const std::scoped_lock lock(mutex_);
    differences_.emplace_back(target, std::move(difference));
  }

  const store::HardPairTable& table_;
  mining::ScoreRules rules_;
  FloatRows images_, texts_;
  std::vector<std::uint32_t> targets_;
  std::uint32_t threads_;
  std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, std::string>> differences_;
};

}  // namespace

std::optional<std::string> first_difference(const store::HardPairTable& table,
                                            const SampleOracle& oracle) {
  check_table(table, oracle);
  return Sample(table, oracle).first_difference();
}

}  // namespace helip::test
