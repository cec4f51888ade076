// Metrics of zero-shot classification and retrieval, as clip_benchmark defines them, over plain
// arrays. Torch-free. Candidates are ranked by score, highest first, and equal scores by lower
// index, so that ties have one answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace helip::eval {

// Rows of features, [rows, dim], row-major. A view: it does not own the values.
struct EmbeddingView {
  std::span<const float> values;
  std::size_t rows = 0;
  std::size_t dim = 0;

  [[nodiscard]] std::span<const float> row(std::size_t index) const {
    return values.subspan(index * dim, dim);
  }
};

// Returns the dot product, added in double in eight accumulators by element index: the same on
// every instruction set. Precondition: equal sizes.
double dot(std::span<const float> a, std::span<const float> b);

// Returns the position, from 0, of the best positive in the ranking of `scores`; scores.size() if
// there is no positive. Precondition: equal sizes.
std::size_t rank_of_best_positive(std::span<const double> scores,
                                  std::span<const std::uint8_t> positive);

// The right labels of one sample: one, or several any of which is right.
using Labels = std::vector<std::int64_t>;

struct Classification {
  double acc1 = 0;                   // share of samples with a right label ranked first
  std::optional<double> acc5;        // … among the first five; empty with fewer than five classes
  double mean_per_class_recall = 0;  // acc1 within each class that occurs, averaged
  std::vector<std::uint64_t> samples;  // [classes]: those that have the class as a label
  std::vector<std::uint64_t> right;    // [classes]: of them, those with a right label ranked first
};

// Returns the metrics of samples with labels [samples], each in [0, classes). A sample with several
// labels counts in each of its classes. score_row fills in the scores of one sample for all
// classes. Throws DataError if there are no samples, a sample has no label or a label is out of
// range.
Classification classification_metrics(
    std::size_t classes, std::span<const Labels> labels,
    const std::function<void(std::size_t sample, std::span<double> scores)>& score_row);

// Returns the unit-norm mean of each class's unit-norm prompt embeddings, [classes, dim]. Prompts
// are in class order, `templates` for each class. A mean of norm 0 stays 0.
std::vector<float> class_embeddings(const EmbeddingView& prompts, std::size_t templates);

// Returns, for each K of `ks`, three metrics:
// image_retrieval_recall@K: fraction of captions with a positive image among the first K.
// text_retrieval_recall@K: fraction of images with a positive caption among the first K.
// mean_recall@K: mean of both.
// Returns besides image_retrieval_mean_rank and image_retrieval_median_rank, over captions, and
// text_retrieval_mean_rank and text_retrieval_median_rank, over images, of the rank of a query's
// best positive, counted from 1. The median of an even number of ranks is the mean of the two in
// the middle; the rank of a query without a positive is the number of candidates plus one.
//
// `captions_of_image[i]` lists the captions (rows of `texts`) of image i. An image is positive for
// each caption whose `caption_group` one of its own captions has. Where each caption has a group of
// its own the recalls are clip_benchmark's. K larger than the number of candidates counts them all.
// Throws DataError if there are no images or no captions.
std::map<std::string, double> retrieval_metrics(
    const EmbeddingView& images, const EmbeddingView& texts,
    std::span<const std::vector<std::size_t>> captions_of_image,
    std::span<const std::uint64_t> caption_group, std::span<const std::uint32_t> ks);

}  // namespace helip::eval
