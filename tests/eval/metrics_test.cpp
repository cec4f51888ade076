#include "eval/metrics.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <set>

#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/rng.h"
#include "common/text.h"
#include "config/eval_metrics.h"

namespace helip::eval {
namespace {

using Catch::Matchers::Contains;
using Rows = std::vector<float>;

// Few distinct values, so that ties are common.
Rows coarse_rows(RandomStream& stream, std::size_t rows, std::size_t dim) {
  Rows values(rows * dim);
  for (float& value : values) value = static_cast<float>(stream.below(3)) - 1.0F;
  return values;
}

// Candidates in the order of their rank, by a full sort.
std::vector<std::size_t> ranking(const std::vector<double>& scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  return order;
}

std::vector<double> scores_of(std::span<const float> query, const EmbeddingView& candidates) {
  std::vector<double> scores;
  for (std::size_t c = 0; c < candidates.rows; ++c) {
    double sum = 0;
    for (std::size_t e = 0; e < query.size(); ++e) {
      sum += static_cast<double>(query[e]) * static_cast<double>(candidates.row(c)[e]);
    }
    scores.push_back(sum);
  }
  return scores;
}

TEST_CASE("the dot product is exact where sums are exact, whatever the length") {
  RandomStream stream(1, "dot", {});
  for (const std::size_t dim : {0U, 1U, 7U, 8U, 9U, 31U}) {
    const Rows a = coarse_rows(stream, 1, dim);
    const Rows b = coarse_rows(stream, 1, dim);
    double expected = 0;
    for (std::size_t e = 0; e < dim; ++e) expected += static_cast<double>(a[e] * b[e]);
    CHECK(dot(a, b) == expected);
  }
}

TEST_CASE("the rank of the best positive follows a full sort with ties by index") {
  RandomStream stream(2, "rank", {});
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> scores(9);
    std::vector<std::uint8_t> positive(9);
    for (double& score : scores) score = static_cast<double>(stream.below(4));
    for (std::uint8_t& mark : positive) mark = stream.below(4) == 0 ? 1 : 0;
    const auto order = ranking(scores);
    const auto first =
        std::find_if(order.begin(), order.end(), [&](std::size_t c) { return positive[c] != 0; });
    CHECK(rank_of_best_positive(scores, positive) ==
          static_cast<std::size_t>(first - order.begin()));
  }
}

TEST_CASE("classification counts hits as a full sort does") {
  RandomStream stream(3, "classify", {});
  constexpr std::size_t kClasses = 8;
  constexpr std::size_t kSamples = 80;
  const Rows features = coarse_rows(stream, kSamples, 4);
  const Rows classes = coarse_rows(stream, kClasses, 4);
  const EmbeddingView sample_view{features, kSamples, 4};
  const EmbeddingView class_view{classes, kClasses, 4};
  // Every third sample has two right labels.
  std::vector<Labels> labels(kSamples);
  for (std::size_t i = 0; i < kSamples; ++i) {
    labels[i].push_back(static_cast<std::int64_t>(stream.below(kClasses - 1)));
    if (i % 3 == 0)
      labels[i].push_back((labels[i][0] + 1) % static_cast<std::int64_t>(kClasses - 1));
  }

  double hits1 = 0;
  double hits5 = 0;
  std::map<std::int64_t, std::pair<double, double>> per_class;
  for (std::size_t i = 0; i < kSamples; ++i) {
    const auto order = ranking(scores_of(sample_view.row(i), class_view));
    const auto is_right = [&](std::size_t candidate) {
      return std::count(labels[i].begin(), labels[i].end(), static_cast<std::int64_t>(candidate)) >
             0;
    };
    const bool first = is_right(order[0]);
    hits1 += first ? 1 : 0;
    hits5 += std::any_of(order.begin(), order.begin() + 5, is_right) ? 1 : 0;
    for (const std::int64_t label : labels[i]) {
      per_class[label].first += first ? 1 : 0;
      per_class[label].second += 1;
    }
  }
  double recall = 0;
  for (const auto& [label, counts] : per_class) recall += counts.first / counts.second;

  const Classification found =
      classification_metrics(kClasses, labels, [&](std::size_t i, std::span<double> scores) {
        for (std::size_t c = 0; c < kClasses; ++c) {
          scores[c] = dot(sample_view.row(i), class_view.row(c));
        }
      });
  CHECK(found.acc1 == Approx(hits1 / kSamples).epsilon(1e-14));
  REQUIRE(found.acc5.has_value());
  CHECK(*found.acc5 == Approx(hits5 / kSamples).epsilon(1e-14));
  CHECK(found.mean_per_class_recall ==
        Approx(recall / static_cast<double>(per_class.size())).epsilon(1e-14));
  CHECK(found.acc1 < *found.acc5);
  REQUIRE(found.samples.size() == kClasses);
  for (const auto& [label, counts] : per_class) {
    CHECK(static_cast<double>(found.right.at(static_cast<std::size_t>(label))) == counts.first);
    CHECK(static_cast<double>(found.samples.at(static_cast<std::size_t>(label))) == counts.second);
  }
  CHECK(found.samples.back() == 0);
}

TEST_CASE("labels out of range and empty splits are refused") {
  const auto flat = [](std::size_t, std::span<double> scores) {
    std::fill(scores.begin(), scores.end(), 0.0);
  };
  const std::vector<Labels> high = {{0}, {2, 3}};
  const std::vector<Labels> low = {{-1}};
  const std::vector<Labels> none = {{}};
  CHECK_THROWS_WITH(classification_metrics(3, high, flat), Contains("sample 1") && Contains("3"));
  CHECK_THROWS_AS(classification_metrics(3, low, flat), DataError);
  CHECK_THROWS_WITH(classification_metrics(3, none, flat), Contains("sample 0"));
  CHECK_THROWS_AS(classification_metrics(3, {}, flat), DataError);
}

TEST_CASE("class embeddings are the unit-norm mean of their prompts") {
  const Rows prompts = {1, 0, 0, 1, 0, 0.5F, 0, -0.5F};
  const Rows classes = class_embeddings({prompts, 4, 2}, 2);
  CHECK(classes[0] == Approx(std::sqrt(0.5)).epsilon(1e-7));
  CHECK(classes[1] == Approx(std::sqrt(0.5)).epsilon(1e-7));
  CHECK(classes[2] == 0);  // a mean of norm 0
  CHECK(classes[3] == 0);
}

// The definition, by sets: is any of the first K of the full ranking positive?
double recall_by_sets(const EmbeddingView& queries, const EmbeddingView& candidates,
                      std::uint32_t k,
                      const std::function<bool(std::size_t, std::size_t)>& positive) {
  double hits = 0;
  for (std::size_t q = 0; q < queries.rows; ++q) {
    const auto order = ranking(scores_of(queries.row(q), candidates));
    bool hit = false;
    for (std::size_t r = 0; r < std::min<std::size_t>(k, order.size()); ++r) {
      hit = hit || positive(q, order[r]);
    }
    hits += hit ? 1 : 0;
  }
  return hits / static_cast<double>(queries.rows);
}

TEST_CASE("retrieval recalls equal the definition by sets, equal captions being hits") {
  RandomStream stream(4, "retrieve", {});
  constexpr std::size_t kImages = 20;
  constexpr std::size_t kTexts = 33;
  const Rows image_rows = coarse_rows(stream, kImages, 5);
  const Rows text_rows = coarse_rows(stream, kTexts, 5);
  const EmbeddingView images{image_rows, kImages, 5};
  const EmbeddingView texts{text_rows, kTexts, 5};
  std::vector<std::vector<std::size_t>> captions(kImages);
  std::vector<std::uint64_t> group(kTexts);
  for (std::size_t t = 0; t < kTexts; ++t) {
    captions[stream.below(kImages - 1)].push_back(t);  // the last image has no caption
    group[t] = stream.below(12);
  }
  const auto matches = [&](std::size_t text, std::size_t image) {
    return std::any_of(captions[image].begin(), captions[image].end(),
                       [&](std::size_t own) { return group[own] == group[text]; });
  };
  const std::vector<std::uint32_t> ks = {1, 2, 5, 100};
  const auto found = retrieval_metrics(images, texts, captions, group, ks);
  const auto told = config::metrics_of(config::EvalTask::kRetrieval, ks);
  REQUIRE(found.size() == told.size());
  for (const config::EvalMetric& metric : told) CHECK(found.contains(metric.name()));
  const auto check_ranks = [&](const std::string& name, const EmbeddingView& queries,
                               const EmbeddingView& candidates, const auto& positive) {
    std::vector<double> ranks;
    double sum = 0;
    for (std::size_t q = 0; q < queries.rows; ++q) {
      const auto order = ranking(scores_of(queries.row(q), candidates));
      const auto first =
          std::find_if(order.begin(), order.end(), [&](std::size_t c) { return positive(q, c); });
      ranks.push_back(static_cast<double>(first - order.begin()) + 1);
      sum += ranks.back();
    }
    std::sort(ranks.begin(), ranks.end());
    const double lower = ranks[(ranks.size() - 1) / 2], upper = ranks[ranks.size() / 2];
    CHECK(found.at(name + "_mean_rank") ==
          Approx(sum / static_cast<double>(ranks.size())).epsilon(1e-14));
    CHECK(found.at(name + "_median_rank") == (lower + upper) / 2);
  };
  check_ranks("image_retrieval", texts, images,
              [&](std::size_t t, std::size_t i) { return matches(t, i); });  // an odd number
  check_ranks("text_retrieval", images, texts,
              [&](std::size_t i, std::size_t t) { return matches(t, i); });  // an even number
  for (const std::uint32_t k : ks) {
    const double image_recall = recall_by_sets(
        texts, images, k, [&](std::size_t t, std::size_t i) { return matches(t, i); });
    const double text_recall = recall_by_sets(
        images, texts, k, [&](std::size_t i, std::size_t t) { return matches(t, i); });
    const std::string suffix = cat("@", k);
    CHECK(found.at("image_retrieval_recall" + suffix) == Approx(image_recall).epsilon(1e-14));
    CHECK(found.at("text_retrieval_recall" + suffix) == Approx(text_recall).epsilon(1e-14));
    CHECK(found.at("mean_recall" + suffix) ==
          Approx((image_recall + text_recall) / 2).epsilon(1e-14));
  }
  CHECK(found.at("image_retrieval_recall@1") < found.at("image_retrieval_recall@5"));
  CHECK(found.at("text_retrieval_recall@100") < 1);  // an image without captions is a miss
}

TEST_CASE("a caption equal to that of another image makes this image a hit") {
  const Rows images = {1, 0, 0, 1};
  const Rows texts = {0, 1, 0, 1};  // both captions are nearest to image 1
  const std::vector<std::vector<std::size_t>> captions = {{0}, {1}};
  const std::vector<std::uint32_t> ks = {1};
  const std::vector<std::uint64_t> different = {0, 1};
  const std::vector<std::uint64_t> equal = {7, 7};
  CHECK(retrieval_metrics({images, 2, 2}, {texts, 2, 2}, captions, different, ks)
            .at("image_retrieval_recall@1") == 0.5);
  CHECK(retrieval_metrics({images, 2, 2}, {texts, 2, 2}, captions, equal, ks)
            .at("image_retrieval_recall@1") == 1);
}

TEST_CASE("retrieval without images or captions is refused") {
  const Rows one = {1};
  const std::vector<std::vector<std::size_t>> captions = {{}};
  CHECK_THROWS_WITH(retrieval_metrics({one, 1, 1}, {}, captions, {}, {}), Contains("0 captions"));
}

TEST_CASE("scores equal clip_benchmark's own") {
  const auto golden =
      Json::parse(read_text_file(cat(HELIP_SOURCE_DIR, "/tests/golden/eval/metrics.json")));
  const std::size_t dim = golden.at("dim");
  const Rows image_rows = golden.at("images");
  const Rows prompt_rows = golden.at("prompts");
  const Rows text_rows = golden.at("texts");
  const std::vector<std::int64_t> numbers = golden.at("labels");
  const auto labels_modulo = [&](std::int64_t classes) {
    std::vector<Labels> labels;
    for (const std::int64_t number : numbers) labels.push_back({number % classes});
    return labels;
  };
  const EmbeddingView images{image_rows, image_rows.size() / dim, dim};
  const std::size_t templates = golden.at("templates");

  const auto classify = [&](std::size_t classes, const std::vector<Labels>& targets) {
    const std::span<const float> prompts(prompt_rows.data(), classes * templates * dim);
    const Rows embeddings = class_embeddings({prompts, classes * templates, dim}, templates);
    const EmbeddingView view{embeddings, classes, dim};
    return classification_metrics(classes, targets, [&](std::size_t i, std::span<double> scores) {
      for (std::size_t c = 0; c < classes; ++c) scores[c] = dot(images.row(i), view.row(c));
    });
  };
  const Classification many = classify(golden.at("classes"), labels_modulo(golden.at("classes")));
  const auto& expected = golden.at("classification");
  CHECK(many.acc1 == Approx(expected.at("acc1").get<double>()).epsilon(1e-12));
  CHECK(many.acc5.value() == Approx(expected.at("acc5").get<double>()).epsilon(1e-12));
  CHECK(many.mean_per_class_recall ==
        Approx(expected.at("mean_per_class_recall").get<double>()).epsilon(1e-12));

  const Classification few = classify(3, labels_modulo(3));
  CHECK(few.acc1 == Approx(golden.at("few_classes").at("acc1").get<double>()).epsilon(1e-12));
  CHECK_FALSE(few.acc5.has_value());

  const std::vector<std::size_t> image_of_text = golden.at("image_of_text");
  std::vector<std::vector<std::size_t>> captions(images.rows);
  std::vector<std::uint64_t> group(image_of_text.size());
  std::iota(group.begin(), group.end(), 0);
  for (std::size_t t = 0; t < group.size(); ++t) captions[image_of_text[t]].push_back(t);
  const std::vector<std::uint32_t> ks = golden.at("recall_k");
  const auto recalls =
      retrieval_metrics(images, {text_rows, group.size(), dim}, captions, group, ks);
  for (const auto& [name, value] : golden.at("retrieval").items()) {
    INFO(name);
    CHECK(recalls.at(name) == Approx(value.get<double>()).epsilon(1e-6));  // float32 there
  }
}

}  // namespace
}  // namespace helip::eval
