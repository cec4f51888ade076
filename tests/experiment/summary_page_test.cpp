#include "experiment/summary_page.h"

#include <catch2/catch.hpp>

#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::experiment {
namespace {

using Catch::Matchers::Contains;

// The page of an experiment with these values of a control and of HELIP, by seed.
std::string page_of(const report::BySeed& control, const report::BySeed& helip) {
  const report::MetricKey recall = {"cards", "zeroshot_retrieval", "mean_recall@1"};
  Summary summary;
  summary.seeds = helip.size();
  summary.splits = 1;
  summary.arms = {{.name = kUntouched, .values = {{recall, control}}},
                  {.name = "continued", .values = {{recall, control}}},
                  {.name = "helip",
                   .tries = {{{"train.lr=2e-4"}, .1}, {{"train.lr=8e-4"}, .3}},
                   .chosen = {"train.lr=8e-4"},
                   .values = {{recall, helip}}}};
  summary.control = 1;
  summary.subject = 2;
  compare_arms({}, "e", summary);
  const test::TemporaryFolder folder;
  write_page(folder.path() / "index.html", summary);
  return read_text_file(folder.path() / "index.html");
}

}  // namespace

TEST_CASE("a forest plot names an interval where there is one") {
  const std::string several = page_of({{1, .40}, {2, .41}, {3, .42}}, {{1, .5}, {2, .6}, {3, .7}});
  CHECK_THAT(several, Contains("percent points, 95 % interval"));
  const std::string one = page_of({{1, .40}}, {{1, .5}});
  CHECK_THAT(one, Contains("percent points") && !Contains("percent points, 95 % interval"));
}

TEST_CASE("the page tells a best try at the end of its grid") {
  CHECK_THAT(page_of({{1, .40}}, {{1, .5}}),
             Contains("<p>helip: the best train.lr, 8e-4, is the highest tried</p>"));
}

}  // namespace helip::experiment
