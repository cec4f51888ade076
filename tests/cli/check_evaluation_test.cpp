// What is looked at of evaluation data sets before a job.
#include <catch2/catch.hpp>
#include <functional>

#include "config/read_choice.h"
#include "job_inputs.h"

namespace helip::cli {
namespace {

using Catch::Matchers::Contains;

TEST_CASE(
    "an evaluation data set that cannot give what its tasks need is refused before anything") {
  Job job;
  const config::RunConfig whole = job.config;
  const fs::path set = job.root() / "eval", intact = job.root() / "intact";
  fs::copy(set, intact, fs::copy_options::recursive);
  const auto refusal = [&](const std::string& task,
                           const std::function<void(const fs::path&)>& spoil) {
    fs::remove_all(set);
    fs::copy(intact, set, fs::copy_options::recursive);
    spoil(set);
    job.config = whole;
    job.config.eval.datasets[0].tasks = {config::read_choice<config::EvalTask>(task, "task")};
    const std::string said = job.refusal();
    INFO(said);
    CHECK((said.empty() || said.starts_with("eval.datasets[0]: ")));
    // The same set for scores while training.
    if (task == "linear_probe") return said;
    job.config.eval.datasets.clear();
    job.config.scores = {
        .datasets = {{.name = "held-out",
                      .path = set.string(),
                      .tasks = {config::read_choice<config::EvalTask>(task, "task")},
                      .split = "test"}},
        .every_steps = 1};
    CHECK(job.refusal().empty() == said.empty());
    CHECK((said.empty() || job.refusal().starts_with("scores.datasets[0]: ")));
    CHECK(job.refusal(jobs::Stage::kMine).empty());
    return said;
  };
  const auto publish = [](const char* file, const char* text) {
    return [=](const fs::path& folder) { publish_file(folder / file, text); };
  };
  const auto remove = [](const char* file) {
    return [=](const fs::path& folder) { fs::remove_all(folder / file); };
  };
  const auto split = [](const char* name, const std::vector<Sample>& samples) {
    return [=](const fs::path& folder) { write_split(folder / name, samples); };
  };
  constexpr const char* kTemplates = "zeroshot_classification_templates.txt";
  for (const char* task : {"zero_shot", "linear_probe"}) {
    CHECK_THAT(refusal(task, remove("classnames.txt")), Contains("no classes"));
    CHECK_THAT(refusal(task, publish("classnames.txt", "")), Contains("no classes"));
    CHECK_THAT(refusal(task, publish("classnames.txt", "cat\ndog\n")),
               Contains("s1") && Contains("0 to 1") && Contains("'2'"));
    CHECK_THAT(refusal(task, publish("classnames.txt", "\xff\xfe\n")), Contains("UTF-8"));
    CHECK_THAT(refusal(task, split("test", {{"0"}, {"-1"}})), Contains("'-1'"));
    CHECK_THAT(refusal(task, split("test", {{"0"}, {"dog"}})), Contains("'dog'"));
    CHECK_THAT(refusal(task, split("test", {{"0"}, {""}})), Contains("s1") && Contains("no label"));
  }
  CHECK_THAT(refusal("zero_shot", remove(kTemplates)), Contains("no prompt templates"));
  CHECK_THAT(refusal("zero_shot", publish(kTemplates, "")), Contains("no prompt templates"));
  CHECK_THAT(refusal("zero_shot", publish(kTemplates, "a photo of {}\n")), Contains("{c}"));
  CHECK(refusal("linear_probe", remove(kTemplates)).empty());
  CHECK_THAT(refusal("linear_probe", split("train", {{"3"}})),
             Contains("train") && Contains("'3'"));
  CHECK_THAT(refusal("linear_probe", remove("train")), Contains("train"));
  CHECK(refusal("zero_shot", remove("train")).empty());

  CHECK(refusal("retrieval", remove("classnames.txt")).empty());
  CHECK(refusal("retrieval", split("test", {{"", "a"}, {"", "b\nc"}})).empty());
  CHECK_THAT(refusal("retrieval", split("test", {{"0", "a"}, {"0", ""}})), Contains("no caption"));
  CHECK_THAT(refusal("retrieval", split("test", {{"0", "a"}, {"0", " \n"}})),
             Contains("no caption"));
  CHECK_THAT(refusal("retrieval", split("test", {{"0", "\xff"}})), Contains("UTF-8"));
  for (const char* task : {"zero_shot", "retrieval"}) {
    CHECK_THAT(refusal(task, split("test", {{"0", "a", false}})), Contains("no image"));
    CHECK_THAT(refusal(task, split("test", {})), Contains("no samples"));
    CHECK_THAT(refusal(task, publish("test/nshards.txt", "2")), Contains("1.tar"));
    CHECK_THAT(refusal(task, publish("test/nshards.txt", "two")), Contains("'two'"));
    CHECK_THAT(refusal(task, publish("test/nshards.txt", "0")), Contains("no samples"));
    CHECK_THAT(refusal(task, publish("test/0.tar", "no tar at all")), Contains("0.tar"));
    CHECK_THAT(refusal(task, remove("test/0.tar")), Contains("0.tar"));
  }
}

TEST_CASE("evaluation data sets are not needed by a job that ends before") {
  Job job;
  job.config.eval.datasets[0].path = "/no/set";
  CHECK(job.refusal(jobs::Stage::kTrain).empty());
  CHECK_FALSE(job.refusal(jobs::Stage::kEval).empty());
}

}  // namespace
}  // namespace helip::cli
