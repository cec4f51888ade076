#include "mining/miners/joint_clusters.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "common/rng.h"
#include "mining/kernels/parallel.h"
#include "mining/screen/gathered_rows.h"

namespace helip::mining {
namespace {

constexpr std::uint64_t kSamplesPerList = 64;
constexpr int kRounds = 8;
constexpr std::size_t kPairsAtOnce = 96;

std::uint64_t sampled_pairs(std::uint64_t pairs, std::uint32_t nlist) {
  return std::min(pairs, kSamplesPerList * nlist);
}

// One modality of the centroids: unit parts, and how much of the centroid they are.
struct CentroidPart {
  CentroidPart(const EmbeddingMatrix& embeddings, bool is_used, std::uint32_t nlist)
      : matrix(embeddings), used(is_used), rows(nlist, embeddings.dim()), weights(nlist) {}

  void set(std::uint32_t list, std::span<const double> part) {
    std::vector<float> values(part.begin(), part.end());
    double squared = 0;
    for (const float value : values) squared += double{value} * value;
    rows.set(list, values, squared);
    weights[list] = static_cast<float>(std::sqrt(squared));
  }

  const EmbeddingMatrix& matrix;
  bool used;
  Int8Rows rows;
  std::vector<float> weights;
};

}  // namespace

class JointClusters::Centroids {
 public:
  Centroids(const MiningData& data, Metric metric, std::uint32_t nlist)
      : nlist_(nlist),
        images_(data.images, metric != Metric::kText, nlist),
        texts_(data.texts, metric != Metric::kImage, nlist),
        joint_scale_(metric == Metric::kProduct ? std::sqrt(0.5F) : 1.0F) {}

  [[nodiscard]] std::uint32_t nlist() const { return nlist_; }

  // The centroid in the direction of the sum of these pairs' joint vectors. Summed in their order.
  void set(std::uint32_t list, std::span<const std::uint32_t> pairs) {
    std::vector<double> image(images_.matrix.width());
    std::vector<double> text(texts_.matrix.width());
    std::vector<float> buffer(std::max(image.size(), text.size()));
    for (const std::uint32_t pair : pairs) {
      add_unit(images_, pair, image, buffer);
      add_unit(texts_, pair, text, buffer);
    }
    double squared = 0;
    for (const double value : image) squared += value * value;
    for (const double value : text) squared += value * value;
    const double inverse = squared > 0 ? 1 / std::sqrt(squared) : 0;
    for (double& value : image) value *= inverse;
    for (double& value : text) value *= inverse;
    images_.set(list, std::span(image).first(images_.matrix.dim()));
    texts_.set(list, std::span(text).first(texts_.matrix.dim()));
  }

  // After the last set().
  void pack() {
    const CandidateIds all = CandidateIds::all(nlist_);
    image_panels_ = std::make_unique<PackedRows>(images_.rows, all, 1);
    text_panels_ = std::make_unique<PackedRows>(texts_.rows, all, 1);
  }

  // Similarities of at most kPairsAtOnce pairs to all centroids, [pairs, lists].
  void similarities(const Int8Kernel& kernel, std::span<const std::uint32_t> pairs,
                    std::span<float> out) const {
    std::fill(out.begin(), out.end(), 0.0F);
    add_similarities(kernel, images_, *image_panels_, pairs, out);
    add_similarities(kernel, texts_, *text_panels_, pairs, out);
  }

 private:
  static void add_unit(const CentroidPart& part, std::uint32_t pair, std::vector<double>& sum,
                       std::vector<float>& buffer) {
    const EmbeddingMatrix& matrix = part.matrix;
    if (!part.used || !(matrix.squared_norm(pair) > 0)) return;
    const double inverse = 1 / std::sqrt(matrix.squared_norm(pair));
    const float* row = matrix.read(pair, buffer.data());
    for (std::size_t e = 0; e < sum.size(); ++e) sum[e] += row[e] * inverse;
  }

  void add_similarities(const Int8Kernel& kernel, const CentroidPart& part,
                        const PackedRows& panels, std::span<const std::uint32_t> pairs,
                        std::span<float> out) const {
    if (!part.used) return;
    const Int8Rows& rows = part.matrix.int8();
    const CandidateIds all = CandidateIds::all(nlist_);
    GatheredRows targets(rows, pairs.size());
    for (const std::uint32_t pair : pairs) targets.add(pair);
    const AlignedBytes memory(sizeof(std::int32_t) * pairs.size() * kPanelRows);
    const auto* dots = reinterpret_cast<const std::int32_t*>(memory.data());
    for (std::uint64_t p = 0; p < panel_count(all); ++p) {
      kernel.tile(targets.rows(0), targets.sums(0), pairs.size(), panels.panel(p), rows.width(),
                  reinterpret_cast<std::int32_t*>(memory.data()));
      const float* weights = part.weights.data() + p * kPanelRows;
      const float* scales = panels.scales(p);
      const std::size_t count = rows_in(all, p);
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        const float scale = joint_scale_ * rows.scale(pairs[i]);
        float* sums_of_pair = out.data() + i * nlist_ + p * kPanelRows;
        for (std::size_t c = 0; c < count; ++c) {
          const float weight = weights[c] * scales[c];
          sums_of_pair[c] += static_cast<float>(dots[i * kPanelRows + c]) * weight * scale;
        }
      }
    }
  }

  std::uint32_t nlist_;
  CentroidPart images_, texts_;
  float joint_scale_;  // of a modality's unit vector in the joint vector
  std::unique_ptr<PackedRows> image_panels_, text_panels_;
};

namespace {

// Pairs by list, ascending ids within each: begins[l] to begins[l + 1] of members are those of l.
void sort_into_lists(std::span<const std::uint32_t> pairs, std::span<const std::uint32_t> lists,
                     std::uint32_t count, std::vector<std::uint64_t>& begins,
                     std::vector<std::uint32_t>& members) {
  begins.assign(count + 1, 0);
  for (const std::uint32_t list : lists) ++begins[list + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  members.resize(pairs.size());
  std::vector<std::uint64_t> next(begins.begin(), begins.end() - 1);
  for (std::size_t i = 0; i < pairs.size(); ++i) members[next[lists[i]]++] = pairs[i];
}

}  // namespace

std::uint64_t clustering_comparisons(std::uint64_t pairs, std::uint32_t nlist) {
  return (kRounds * sampled_pairs(pairs, nlist) + pairs) * nlist;
}

JointClusters::~JointClusters() = default;

JointClusters::JointClusters(const MiningData& data, const ClusterRule& rule)
    : data_(data),
      kernel_(int8_kernel(rule.instruction_set)),
      centroids_(std::make_unique<Centroids>(data, rule.metric, rule.nlist)) {
  const auto pairs = static_cast<std::uint32_t>(data.pairs());
  const auto assign = [&](std::span<const std::uint32_t> ids, std::span<std::uint32_t> lists,
                          std::span<float> closeness) {
    const std::uint64_t blocks = (ids.size() + kPairsAtOnce - 1) / kPairsAtOnce;
    for_each_index(blocks, rule.threads, [&](std::uint64_t block) {
      const std::size_t first = block * kPairsAtOnce;
      const std::size_t count = std::min(kPairsAtOnce, ids.size() - first);
      std::vector<float> sims(count * rule.nlist);
      centroids_->similarities(kernel_, ids.subspan(first, count), sims);
      for (std::size_t i = 0; i < count; ++i) {
        const auto begin = sims.begin() + static_cast<std::ptrdiff_t>(i * rule.nlist);
        const auto found = std::max_element(begin, begin + rule.nlist);
        lists[first + i] = static_cast<std::uint32_t>(found - begin);
        closeness[first + i] = *found;
      }
    });
  };

  RandomStream stream(rule.seed, "mining.clusters", {});
  const auto samples = static_cast<std::uint32_t>(sampled_pairs(pairs, rule.nlist));
  std::vector<std::uint32_t> sample = sample_without_replacement(stream, pairs, samples);
  // The sample is in random order: its first pairs are the first centroids.
  for (std::uint32_t list = 0; list < rule.nlist; ++list) {
    centroids_->set(list, std::span(sample).subspan(list, 1));
  }
  std::sort(sample.begin(), sample.end());
  std::vector<std::uint32_t> lists(sample.size());
  std::vector<float> closeness(pairs);
  for (int round = 0; round < kRounds; ++round) {
    centroids_->pack();
    assign(sample, lists, closeness);
    sort_into_lists(sample, lists, rule.nlist, begins_, members_);
    std::vector<std::uint32_t> anew(rule.nlist);  // centroids of lists that have lost all members
    for (std::uint32_t& pair : anew) pair = sample[stream.below(samples)];
    for_each_index(rule.nlist, rule.threads, [&](std::uint64_t l) {
      const auto list = static_cast<std::uint32_t>(l);
      const auto found = members(list);
      centroids_->set(list, found.empty() ? std::span(anew).subspan(list, 1) : found);
    });
  }
  centroids_->pack();
  std::vector<std::uint32_t> all(pairs);
  std::iota(all.begin(), all.end(), 0U);
  list_of_.resize(pairs);
  assign(all, list_of_, closeness);
  sort_into_lists(all, list_of_, rule.nlist, begins_, members_);
  closest_members_.resize(rule.nlist);
  for (std::uint32_t pair = 0; pair < pairs; ++pair) {
    float& closest = closest_members_[list_of_[pair]];
    closest = std::max(closest, closeness[pair]);
  }
}

std::uint32_t JointClusters::nlist() const { return centroids_->nlist(); }

void JointClusters::similarities(std::span<const std::uint32_t> pairs, std::span<float> out) const {
  for (std::size_t first = 0; first < pairs.size(); first += kPairsAtOnce) {
    const auto block = pairs.subspan(first, std::min(kPairsAtOnce, pairs.size() - first));
    centroids_->similarities(kernel_, block, out.subspan(first * nlist(), block.size() * nlist()));
  }
}

}  // namespace helip::mining
