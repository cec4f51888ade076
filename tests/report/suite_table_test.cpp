#include "report/suite_table.h"

#include <catch2/catch.hpp>

#include "common/json.h"

namespace helip::report {
namespace {

using eval::EvalResult;

EvalResult classified(const std::string& dataset, std::map<std::string, double> metrics) {
  return {.dataset = dataset,
          .model = "m",
          .pretrained = "p",
          .task = "zeroshot_classification",
          .metrics = std::move(metrics)};
}

SuiteReport sample_report() {
  SuiteReport report = {
      .model = "ViT-B-16",
      .pretrained = "out/model",
      .results = {classified("a", {{"acc1", 0.25}, {"acc5", 0.5}}),
                  classified("b", {{"acc1", 0.75}}), classified("c", {{"acc1", 0.5}, {"acc5", 1}})},
      .left_out = {"d"},
      .averages = {{.name = "variants", .datasets = {"b", "c", "d"}},
                   {.name = "none there", .datasets = {"d"}}}};
  report.results.push_back({.dataset = "pairs",
                            .model = "m",
                            .pretrained = "p",
                            .task = "zeroshot_retrieval",
                            .metrics = {{"text_retrieval_recall@10", 0.75},
                                        {"text_retrieval_recall@5", 0.5},
                                        {"text_retrieval_mean_rank", 12.25}}});
  return report;
}

TEST_CASE("the means of a suite are over the data sets that have the metric and are there") {
  const auto means = suite_means(sample_report());
  const auto find = [&](const std::string& name, const std::string& metric) {
    for (const SuiteMean& mean : means) {
      if (mean.name == name && mean.metric == metric) return mean;
    }
    return SuiteMean{};
  };
  CHECK(find("all", "acc1").value == Approx(0.5));
  CHECK(find("all", "acc1").datasets == 3);
  CHECK(find("all", "acc5").value == Approx(0.75));
  CHECK(find("all", "acc5").datasets == 2);
  CHECK(find("variants", "acc1").value == Approx(0.625));
  CHECK(find("variants", "acc1").datasets == 2);
  CHECK(find("none there", "acc1").datasets == 0);
  CHECK(find("all", "text_retrieval_recall@5").value == 0.5);
  CHECK(find("all", "text_retrieval_mean_rank").datasets == 0);
}

TEST_CASE("the table of a suite has a part for each task, means below, and what was left out") {
  CHECK(to_text(sample_report()) ==
        "ViT-B-16, out/model\n"
        "\n"
        "zeroshot_classification   acc1    acc5\n"
        "  a                      25.00   50.00\n"
        "  b                      75.00       -\n"
        "  c                      50.00  100.00\n"
        "  mean, all (3)          50.00   75.00\n"
        "  mean, variants (2)     62.50  100.00\n"
        "\n"
        "zeroshot_retrieval  i2t R@5  i2t R@10  i2t mean rank\n"
        "  pairs               50.00     75.00           12.2\n"
        "  mean, all (1)       50.00     75.00              -\n"
        "\n"
        "left out, not there: d\n");
}

TEST_CASE("the JSON of a suite holds each result in clip_benchmark's form, and the means") {
  const auto json = Json::parse(to_json(sample_report()));
  CHECK(json.at("results").size() == 4);
  CHECK(json.at("results")[1].at("metrics").at("acc1").get<double>() == 0.75);
  CHECK(json.at("averages")[0].at("name").get<std::string>() == "all");
  CHECK(json.at("left_out")[0].get<std::string>() == "d");
  CHECK(json.at("pretrained").get<std::string>() == "out/model");
}

}  // namespace
}  // namespace helip::report
