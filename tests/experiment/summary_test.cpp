#include "experiment/summary.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "experiment/summary_text.h"

namespace helip::experiment {
namespace {

using Catch::Matchers::Contains;
using report::BySeed;
using report::MetricKey;

const MetricKey kRecall = {"cards", "zeroshot_retrieval", "mean_recall@1"};
const MetricKey kAccuracy = {"cards", "zeroshot_classification", "acc1"};
const MetricKey kProbe = {"cards", "linear_probe", "acc1"};

ArmSummary arm(const std::string& name, const BySeed& recall, const BySeed& accuracy) {
  ArmSummary out;
  out.name = name;
  out.values = {{kRecall, recall}, {kAccuracy, accuracy}};
  return out;
}

Summary three_arms() {
  Summary out;
  out.seeds = 3;
  out.splits = 1;
  out.arms = {arm(kUntouched, {{1, .40}, {2, .41}, {3, .42}}, {{1, .2}, {2, .2}, {3, .2}}),
              arm("continued", {{1, .41}, {2, .41}, {3, .44}}, {{1, .2}, {2, .22}, {3, .18}}),
              arm("helip", {{1, .45}, {2, .47}, {3, .48}}, {{1, .21}, {2, .2}, {3, .19}})};
  out.control = 1;
  out.subject = 2;
  return out;
}

}  // namespace

TEST_CASE("arms are compared by seed, the main metrics first") {
  Summary summary = three_arms();
  compare_arms({"cards/mean_recall@1"}, "e", summary);
  REQUIRE(summary.metrics.size() == 2);
  const MetricSummary& recall = summary.metrics[0];
  CHECK(recall.key == kRecall);
  CHECK(recall.main);
  CHECK_FALSE(summary.metrics[1].main);
  REQUIRE(recall.from_untouched[2]);
  CHECK(recall.from_untouched[2]->mean == Approx(.17 / 3));
  CHECK(recall.from_untouched[2]->higher == 3);
  CHECK(recall.from_control[2]->mean == Approx(.14 / 3));
  CHECK(recall.of_subject[1]->mean == Approx(.14 / 3));
  CHECK_FALSE(recall.from_untouched[0]);
  CHECK_FALSE(recall.from_control[1]);
  CHECK_FALSE(recall.of_subject[2]);
  CHECK(effect_text("mean_recall@1", recall.from_untouched[2]) == "better");
  CHECK(effect_text("acc1", summary.metrics[1].from_untouched[2]) == "no effect shown");
  const std::string text = to_text(summary);
  CHECK_THAT(text, Contains("+5.67 [+4.23, +7.10]") && Contains("no effect shown"));
  const OrderedJson json = to_json(summary);
  CHECK(json["metrics"][0]["arms"][2]["by_seed"]["2"] == .47);
  CHECK(json["metrics"][0]["arms"][2]["minus_untouched"]["effect"] == "better");
}

TEST_CASE("an arm with another budget than the subject is named") {
  Summary summary = three_arms();
  for (ArmSummary& arm : summary.arms) {
    if (arm.name == kUntouched) continue;
    for (const std::uint64_t seed : {1U, 2U, 3U}) arm.budgets[seed] = {640, 40, 16, 0, 200, "abc"};
  }
  add_budget_faults(summary.arms[2], summary.arms[1]);
  CHECK(fault_lines(summary).empty());
  summary.arms[1].budgets[2].pairs = 1280;
  summary.arms[1].budgets[3].initial_digest = "abd";
  summary.arms[1].budgets.erase(1);
  add_budget_faults(summary.arms[2], summary.arms[1]);
  CHECK(fault_lines(summary) ==
        std::vector<std::string>{"unequal: continued, seed 1: no training",
                                 "unequal: continued, seed 2: pairs forwarded 1280, helip has 640",
                                 "unequal: continued, seed 3: initial weights abd, helip has abc"});
}

TEST_CASE("of ranks the lower are better") {
  const PairedDifference fewer = paired_difference({3.0, 3.5, 3.2}, {5.0, 5.2, 5.4});
  CHECK(effect_text("text_retrieval_mean_rank", fewer) == "better");
  CHECK(wins_of("text_retrieval_mean_rank", fewer) == 3);
  CHECK(difference_text("text_retrieval_mean_rank", fewer).starts_with("−1.97 ["));
  CHECK(effect_text("acc1", fewer) == "worse");
  CHECK(wins_of("acc1", fewer) == 0);
}

TEST_CASE("curves of scores are in percent, but for ranks") {
  const MetricKey rank = {"cards", "zeroshot_retrieval", "text_retrieval_mean_rank"};
  std::vector<report::JobRecord> jobs(1);
  report::JobRecord& job = jobs[0];
  job.config.train.seeds_per_batch = 4;
  job.config.train.hard_pairs_per_seed = 1;
  job.scores[1] = {{.step = 10, .key = kRecall, .value = 0.25},
                   {.step = 10, .key = rank, .value = 12.5}};
  ArmSummary summary{.name = "helip"};
  add_curves(jobs, summary);
  CHECK(summary.scores.at(kRecall).points.at(0).mean == 25);
  CHECK(summary.scores.at(rank).points.at(0).mean == 12.5);
  CHECK(summary.scores.at(rank).points.at(0).x == 80);
}

TEST_CASE("an arm that lacks a seed has no difference") {
  Summary summary = three_arms();
  summary.arms[2].values[kRecall].erase(2);
  compare_arms({"cards/mean_recall@1"}, "e", summary);
  CHECK_FALSE(summary.metrics[0].from_untouched[2]);
  CHECK(difference_text("mean_recall@1", summary.metrics[0].from_untouched[2]) == "–");
}

TEST_CASE("without main metrics each task's headline is one") {
  Summary summary = three_arms();
  compare_arms({}, "e", summary);
  CHECK(summary.metrics[0].main);
  CHECK(summary.metrics[1].main);
}

TEST_CASE("a measure that nobody scored, or two tasks, is refused by name") {
  Summary summary = three_arms();
  CHECK_THROWS_WITH(compare_arms({"cards/acc5"}, "e", summary),
                    Contains("e: measures[0]: no such measure was scored") &&
                        Contains("cards/mean_recall@1") && Contains("found cards/acc5"));
  summary.arms[1].values[kProbe] = {{1, .5}};
  CHECK_THROWS_WITH(compare_arms({"cards/acc1"}, "e", summary),
                    Contains("two tasks of the data set have this metric"));
}

}  // namespace helip::experiment
