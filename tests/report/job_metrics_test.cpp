#include "report/job_metrics.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "report/charts.h"
#include "report/html.h"
#include "report/svg.h"
#include "small_job.h"

namespace helip::report {
namespace {

using test::small_results;

TEST_CASE("Retrieval gets the mean of both directions, and settings are no figures") {
  auto results = small_results("seed-3", 0.5, 0.2, 0.4);
  results[0].metrics["lr"] = 0.1;
  const JobMetrics metrics = collect_metrics(results);
  CHECK(metrics.tuned.at({"pairs", "zeroshot_retrieval", "mean_recall@1"}).at(3) == Approx(0.3));
  CHECK(metrics.tuned.at({"classes", "zeroshot_classification", "acc1"}).at(3) == 0.5);
  CHECK(metrics.tuned.size() == 4);
  CHECK(metrics.init.empty());
}

TEST_CASE("Weights of an unknown label and results given twice are refused") {
  CHECK_THROWS_WITH(collect_metrics(small_results("best", 0, 0, 0)), Catch::Contains("'best'"));
  CHECK_THROWS_AS(collect_metrics(small_results("seed-1x", 0, 0, 0)), StoreError);
  auto twice = small_results("seed-1", 0, 0, 0);
  twice.push_back(twice.front());
  CHECK_THROWS_WITH(collect_metrics(twice), Catch::Contains("twice") && Catch::Contains("acc1"));
}

TEST_CASE("Zero-shot comes before retrieval, and the mean recall before its directions") {
  const auto keys = ordered_keys(collect_metrics(small_results("init", 0.1, 0.2, 0.3)));
  REQUIRE(keys.size() == 4);
  CHECK(keys[0].metric == "acc1");
  CHECK(keys[1].metric == "mean_recall@1");
  CHECK(keys[2].metric == "text_retrieval_recall@1");
  CHECK(keys[3].metric == "image_retrieval_recall@1");
}

TEST_CASE(
    "A probe's metrics and the ranks of retrieval are figures, and ranks are better the lower") {
  eval::EvalResult probe = {.dataset = "classes",
                            .model = "m",
                            .pretrained = "seed-1",
                            .task = "linear_probe",
                            .metrics = {{"lp_acc1", 0.5}, {"l2", 0.1}, {"fewshot_k", -1}}};
  auto results = small_results("seed-1", 0.5, 0.2, 0.4);
  results.push_back(probe);
  results[1].metrics["text_retrieval_mean_rank"] = 12.5;
  const JobMetrics metrics = collect_metrics(results);
  CHECK(metrics.tuned.at({"classes", "linear_probe", "lp_acc1"}).at(1) == 0.5);
  CHECK(metrics.tuned.count({"classes", "linear_probe", "l2"}) == 0);
  const auto keys = ordered_keys(metrics);
  CHECK(keys[4].metric == "text_retrieval_mean_rank");  // behind the recalls
  CHECK(value_text("text_retrieval_mean_rank", spread_of({12.5})) == "12.5");
  CHECK(value_text("lp_acc1", spread_of({0.125})) == "12.5");
  CHECK(change_text("text_retrieval_mean_rank", spread_of({-1.25, -1.25})) == "−1.2 ± 0.0");
  CHECK(direction_of("text_retrieval_mean_rank", spread_of({-1.25})) == std::string("up"));
  CHECK(direction_of("text_retrieval_mean_rank", spread_of({1.25})) == std::string("down"));
  CHECK(direction_of("text_retrieval_mean_rank", spread_of({0.04})) == std::string("even"));
  CHECK(direction_of("lp_acc1", spread_of({0.01})) == std::string("up"));
}

TEST_CASE("The spread is the sample standard deviation") {
  const Spread spread = spread_of({1, 2, 4});
  CHECK(spread.mean == Approx(7.0 / 3));
  CHECK(spread.deviation == Approx(1.5275252316519468));  // statistics.stdev([1, 2, 4])
  CHECK(spread_of({5}).deviation == 0);
  CHECK(percent_text(spread_of({0.39})) == "39.0");
  CHECK(percent_text(spread_of({0.38, 0.40})) == "39.0 ± 1.4");
  CHECK(percent_text({}) == "–");
}

TEST_CASE("Differences are paired when the seeds are the same, else of the means") {
  const BySeed a = {{1, 0.5}, {2, 0.7}};
  const Difference paired = difference_of(a, {{1, 0.4}, {2, 0.6}});
  CHECK(paired.paired);
  CHECK(paired.spread.deviation == Approx(0).margin(1e-12));
  CHECK(signed_percent_text(paired.spread) == "+10.0 ± 0.0");
  const Difference loose = difference_of(a, {{1, 0.7}});
  CHECK_FALSE(loose.paired);
  CHECK(signed_percent_text(loose.spread) == "−10.0");
  CHECK(difference_of(a, {}).spread.count == 0);
  CHECK(direction_of({0.02, 0.01, 3}) == std::string("up"));
  CHECK(direction_of({-0.02, 0.01, 3}) == std::string("down"));
  CHECK(direction_of({-0.02, 0.03, 3}) == std::string("even"));
  CHECK(direction_of({0.0001, 0, 1}) == std::string("even"));
}

TEST_CASE("A histogram counts every value once, the largest in the last bin") {
  const std::vector<Bin> bins = histogram({0, 0.1, 0.5, 0.99, 1}, 2);
  REQUIRE(bins.size() == 2);
  CHECK(bins[0].count == 2);
  CHECK(bins[1].count == 3);
  CHECK(bins[1].high == 1);
  CHECK(histogram({3, 3}, 8).size() == 1);
  CHECK(histogram({}, 8).empty());
}

TEST_CASE("Axis ticks are round and span the values") {
  CHECK(axis_ticks(0, 1, 5) == std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1});
  const auto ticks = axis_ticks(-3.2, 17, 4);
  CHECK(ticks.front() <= -3.2);
  CHECK(ticks.back() >= 17);
  CHECK(axis_ticks(5, 5, 4).size() >= 2);
}

TEST_CASE("Long curves are thinned by means, so that their level stays") {
  Series flat{"flat", {}};
  for (int i = 0; i < 10000; ++i) flat.points.emplace_back(i, i % 2 == 0 ? 0.0 : 1.0);
  const std::string svg = line_chart({flat}, "step");
  CHECK(svg.size() < 20000);
  CHECK(svg.find("nan") == std::string::npos);
}

TEST_CASE("Text is escaped and bytes are encoded as the standards say") {
  CHECK(escape_html("<b a=\"1\">'&'</b>\x01") ==
        "&lt;b a=&quot;1&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;\\x01");
  const auto encode = [](const std::string& text) {
    return base64(std::as_bytes(std::span(text)));
  };
  CHECK(encode("") == "");
  CHECK(encode("f") == "Zg==");
  CHECK(encode("fo") == "Zm8=");
  CHECK(encode("foo") == "Zm9v");
  CHECK(encode("foobar") == "Zm9vYmFy");
  const std::string gif = "GIF89a";
  CHECK_THROWS_AS(image_data_uri(std::as_bytes(std::span(gif))), DataError);
}

}  // namespace
}  // namespace helip::report
