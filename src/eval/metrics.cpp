#include "eval/metrics.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "common/error.h"
#include "common/text.h"

namespace helip::eval {
namespace {

constexpr std::size_t kLanes = 8;

// True if candidate a stands before candidate b.
bool stands_before(std::span<const double> scores, std::size_t a, std::size_t b) {
  return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
}

std::size_t rank_of(std::span<const double> scores, std::size_t candidate) {
  std::size_t ahead = 0;
  for (std::size_t other = 0; other < scores.size(); ++other) {
    if (stands_before(scores, other, candidate)) ++ahead;
  }
  return ahead;
}

// Ranks of the best positive for every query, where groups decide what is positive.
std::vector<std::size_t> best_ranks(
    const EmbeddingView& queries, const EmbeddingView& candidates,
    const std::function<void(std::size_t query, std::span<std::uint8_t> positive)>& mark) {
  std::vector<double> scores(candidates.rows);
  std::vector<std::uint8_t> positive(candidates.rows);
  std::vector<std::size_t> ranks;
  ranks.reserve(queries.rows);
  for (std::size_t query = 0; query < queries.rows; ++query) {
    for (std::size_t c = 0; c < candidates.rows; ++c) {
      scores[c] = dot(queries.row(query), candidates.row(c));
    }
    std::fill(positive.begin(), positive.end(), 0);
    mark(query, positive);
    ranks.push_back(rank_of_best_positive(scores, positive));
  }
  return ranks;
}

double recall_at(std::span<const std::size_t> ranks, std::size_t candidates, std::uint32_t k) {
  const std::size_t within = std::min<std::size_t>(k, candidates);
  const auto hits = std::count_if(ranks.begin(), ranks.end(),
                                  [within](std::size_t rank) { return rank < within; });
  return static_cast<double>(hits) / static_cast<double>(ranks.size());
}

double mean_rank(std::span<const std::size_t> ranks) {
  double sum = 0;
  for (const std::size_t rank : ranks) sum += static_cast<double>(rank + 1);
  return sum / static_cast<double>(ranks.size());
}

double median_rank(std::vector<std::size_t> ranks) {
  std::sort(ranks.begin(), ranks.end());
  const std::size_t middle = ranks.size() / 2;
  const auto upper = static_cast<double>(ranks[middle] + 1);
  if (ranks.size() % 2 == 1) return upper;
  return (static_cast<double>(ranks[middle - 1] + 1) + upper) / 2;
}

void check_labels(const Labels& labels, std::size_t classes, std::size_t sample) {
  if (labels.empty()) {
    throw DataError({.what = "a sample has no label", .where = cat("sample ", sample)});
  }
  for (const std::int64_t label : labels) {
    if (label >= 0 && static_cast<std::uint64_t>(label) < classes) continue;
    throw DataError({.what = "a label is out of range",
                     .where = cat("sample ", sample),
                     .expected = cat("0 … ", classes - 1),
                     .found = cat(label)});
  }
}

}  // namespace

double dot(std::span<const float> a, std::span<const float> b) {
  assert(a.size() == b.size());
  const float* const left = a.data();
  const float* const right = b.data();
  double sums[kLanes] = {};
  std::size_t e = 0;
  for (; e + kLanes <= a.size(); e += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += static_cast<double>(left[e + lane]) * static_cast<double>(right[e + lane]);
    }
  }
  for (std::size_t lane = 0; e < a.size(); ++e, ++lane) {
    sums[lane] += static_cast<double>(left[e]) * static_cast<double>(right[e]);
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

std::size_t rank_of_best_positive(std::span<const double> scores,
                                  std::span<const std::uint8_t> positive) {
  assert(scores.size() == positive.size());
  std::size_t best = scores.size();
  for (std::size_t c = 0; c < scores.size(); ++c) {
    if (positive[c] == 0) continue;
    if (best == scores.size() || stands_before(scores, c, best)) best = c;
  }
  return best == scores.size() ? best : rank_of(scores, best);
}

Classification classification_metrics(
    std::size_t classes, std::span<const Labels> labels,
    const std::function<void(std::size_t, std::span<double>)>& score_row) {
  if (labels.empty()) throw DataError({.what = "no samples to classify"});
  Classification result;
  result.samples.assign(classes, 0);
  result.right.assign(classes, 0);
  std::uint64_t within_one = 0;
  std::uint64_t within_five = 0;
  std::vector<double> scores(classes);
  for (std::size_t sample = 0; sample < labels.size(); ++sample) {
    check_labels(labels[sample], classes, sample);
    score_row(sample, scores);
    std::size_t rank = classes;
    for (const std::int64_t label : labels[sample]) {
      rank = std::min(rank, rank_of(scores, static_cast<std::size_t>(label)));
    }
    if (rank < 5) ++within_five;
    if (rank == 0) ++within_one;
    for (const std::int64_t label : labels[sample]) {
      ++result.samples[static_cast<std::size_t>(label)];
      if (rank == 0) ++result.right[static_cast<std::size_t>(label)];
    }
  }

  const auto samples = static_cast<double>(labels.size());
  result.acc1 = static_cast<double>(within_one) / samples;
  if (classes >= 5) result.acc5 = static_cast<double>(within_five) / samples;
  double recalls = 0;
  std::size_t occurring = 0;
  for (std::size_t label = 0; label < classes; ++label) {
    if (result.samples[label] == 0) continue;
    recalls +=
        static_cast<double>(result.right[label]) / static_cast<double>(result.samples[label]);
    ++occurring;
  }
  result.mean_per_class_recall = recalls / static_cast<double>(occurring);
  return result;
}

std::vector<float> class_embeddings(const EmbeddingView& prompts, std::size_t templates) {
  assert(templates > 0 && prompts.rows % templates == 0);
  const std::size_t classes = prompts.rows / templates;
  std::vector<float> result;
  result.reserve(classes * prompts.dim);
  std::vector<double> sum(prompts.dim);
  for (std::size_t label = 0; label < classes; ++label) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (std::size_t t = 0; t < templates; ++t) {
      const std::span<const float> prompt = prompts.row(label * templates + t);
      for (std::size_t e = 0; e < sum.size(); ++e) sum[e] += static_cast<double>(prompt[e]);
    }
    double square = 0;
    for (const double value : sum) square += value * value;
    const double norm = square > 0 ? std::sqrt(square) : 1;
    for (const double value : sum) result.push_back(static_cast<float>(value / norm));
  }
  return result;
}

std::map<std::string, double> retrieval_metrics(
    const EmbeddingView& images, const EmbeddingView& texts,
    std::span<const std::vector<std::size_t>> captions_of_image,
    std::span<const std::uint64_t> caption_group, std::span<const std::uint32_t> ks) {
  assert(captions_of_image.size() == images.rows && caption_group.size() == texts.rows);
  if (images.rows == 0 || texts.rows == 0) {
    throw DataError({.what = "retrieval needs images and captions",
                     .found = cat(images.rows, " images, ", texts.rows, " captions")});
  }
  // Captions and images by group: an image stands in the group of each of its captions.
  std::map<std::uint64_t, std::vector<std::size_t>> texts_of_group;
  std::map<std::uint64_t, std::vector<std::size_t>> images_of_group;
  for (std::size_t t = 0; t < texts.rows; ++t) texts_of_group[caption_group[t]].push_back(t);
  for (std::size_t i = 0; i < images.rows; ++i) {
    for (const std::size_t t : captions_of_image[i]) {
      images_of_group[caption_group[t]].push_back(i);
    }
  }

  const auto image_ranks =
      best_ranks(texts, images, [&](std::size_t t, std::span<std::uint8_t> positive) {
        for (const std::size_t i : images_of_group[caption_group[t]]) positive[i] = 1;
      });
  const auto text_ranks =
      best_ranks(images, texts, [&](std::size_t i, std::span<std::uint8_t> positive) {
        for (const std::size_t own : captions_of_image[i]) {
          for (const std::size_t t : texts_of_group[caption_group[own]]) positive[t] = 1;
        }
      });

  std::map<std::string, double> metrics;
  for (const std::uint32_t k : ks) {
    const double image_recall = recall_at(image_ranks, images.rows, k);
    const double text_recall = recall_at(text_ranks, texts.rows, k);
    metrics[cat("image_retrieval_recall@", k)] = image_recall;
    metrics[cat("text_retrieval_recall@", k)] = text_recall;
    metrics[cat("mean_recall@", k)] = (image_recall + text_recall) / 2;
  }
  metrics["image_retrieval_mean_rank"] = mean_rank(image_ranks);
  metrics["image_retrieval_median_rank"] = median_rank(image_ranks);
  metrics["text_retrieval_mean_rank"] = mean_rank(text_ranks);
  metrics["text_retrieval_median_rank"] = median_rank(text_ranks);
  return metrics;
}

}  // namespace helip::eval
