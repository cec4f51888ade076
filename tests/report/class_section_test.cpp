#include "report/class_section.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/text.h"

namespace helip::report {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kTask = "zeroshot_classification";

eval::ClassRecalls recalls(const std::string& pretrained,
                           const std::vector<eval::ClassRecall>& classes) {
  return {.dataset = "icons",
          .model = "m",
          .pretrained = pretrained,
          .task = kTask,
          .classes = classes};
}

// The rows of the first table of the section, without tags: "cat 10 50.0 80.0 +30.0".
std::vector<std::string> first_rows(const std::string& html) {
  std::vector<std::string> rows;
  const std::size_t end = html.find("</table>");
  for (std::size_t at = html.find("<tr><td>"); at < end; at = html.find("<tr><td>", at + 1)) {
    std::string text;
    bool in_tag = false;
    for (const char c : html.substr(at, html.find("</tr>", at) - at)) {
      if (c == '<') in_tag = true;
      if (!in_tag) text += c;
      if (c == '>') {
        in_tag = false;
        if (!text.empty() && text.back() != ' ') text += ' ';
      }
    }
    rows.push_back(text.substr(0, text.find_last_not_of(' ') + 1));
  }
  return rows;
}

TEST_CASE(
    "classes stand in the order of their change, those of few samples in the whole list alone") {
  JobRecord job;
  job.class_recalls = {
      recalls("init",
              {{"cat", 10, 5}, {"dog <&>", 20, 10}, {"elk", 4, 0}, {"fox", 10, 5}, {"gnu", 0, 0}}),
      recalls("seed-1",
              {{"cat", 10, 2}, {"dog <&>", 20, 16}, {"elk", 4, 4}, {"fox", 10, 5}, {"gnu", 0, 0}}),
      recalls("seed-2",
              {{"cat", 10, 4}, {"dog <&>", 20, 16}, {"elk", 4, 4}, {"fox", 10, 5}, {"gnu", 0, 0}})};
  const std::string html = class_section(job);
  CHECK(first_rows(html) ==
        std::vector<std::string>{"dog &lt;&amp;&gt; 20 50.0 80.0 ± 0.0 +30.0 ± 0.0",
                                 "cat 10 50.0 30.0 ± 14.1 −20.0 ± 14.1"});
  CHECK_THAT(html, Contains("All 4 classes that have samples"));
  const std::string whole = html.substr(html.find("<details>"));
  CHECK(first_rows(whole) ==
        std::vector<std::string>{"elk 4 0.0 100.0 ± 0.0 +100.0 ± 0.0",
                                 "dog &lt;&amp;&gt; 20 50.0 80.0 ± 0.0 +30.0 ± 0.0",
                                 "fox 10 50.0 50.0 ± 0.0 +0.0 ± 0.0",
                                 "cat 10 50.0 30.0 ± 14.1 −20.0 ± 14.1"});
}

TEST_CASE("of many classes those that rose and those that fell most are shown") {
  JobRecord job;
  std::vector<eval::ClassRecall> before, after;
  for (std::uint64_t i = 0; i < 40; ++i) {
    before.push_back({cat("class ", i), 100, 50});
    after.push_back({cat("class ", i), 100, 30 + i});
  }
  job.class_recalls = {recalls("init", before), recalls("seed-1", after)};
  const auto rows = first_rows(class_section(job));
  REQUIRE(rows.size() == 16);
  CHECK(rows.front() == "class 39 100 50.0 69.0 +19.0");
  CHECK(rows[7] == "class 32 100 50.0 62.0 +12.0");
  CHECK(rows[8] == "class 7 100 50.0 37.0 −13.0");
  CHECK(rows.back() == "class 0 100 50.0 30.0 −20.0");
}

TEST_CASE("without initial weights the classes stand in the order of their recall") {
  JobRecord job;
  job.class_recalls = {recalls("seed-3", {{"cat", 10, 5}, {"", 20, 20}})};
  CHECK(first_rows(class_section(job)) ==
        std::vector<std::string>{"(no name) 20 100.0", "cat 10 50.0"});
  CHECK_THAT(class_section(job), !Contains("before") && Contains("lowest recall"));
  job.class_recalls = {recalls("init", {{"cat", 10, 5}})};
  CHECK(first_rows(class_section(job)) == std::vector<std::string>{"cat 10 50.0 – –"});
  CHECK(class_section(JobRecord{}).empty());
}

TEST_CASE("results of other classes and of unknown weights are refused") {
  JobRecord job;
  job.class_recalls = {recalls("init", {{"cat", 10, 5}}), recalls("seed-1", {{"cat", 11, 5}})};
  CHECK_THROWS_WITH(class_section(job), Contains("of different classes") && Contains("icons"));
  CHECK_THROWS_AS(class_section(job), StoreError);
  job.class_recalls = {recalls("best", {{"cat", 10, 5}})};
  CHECK_THROWS_WITH(class_section(job), Contains("'best'"));
}

}  // namespace
}  // namespace helip::report
