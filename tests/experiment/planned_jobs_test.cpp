#include "experiment/planned_jobs.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/parse.h"
#include "config/parse_experiment.h"
#include "support/temporary_folder.h"

namespace helip::experiment {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

constexpr const char* kBase =
    "corpus: {path: \"data/{split}/corpus\"}\n"
    "model: {architecture: \"towers-{seed}/\"}\n"
    "train: {hard_pairs: none, epochs: 2}\n"
    "eval: {datasets: [{name: a, path: a, tasks: [retrieval]}]}\n";
constexpr const char* kTune =
    "corpus: {path: \"data/{split}/corpus\"}\n"
    "model: {architecture: towers/, init: somewhere}\n"
    "train: {steps: 100, seeds_per_batch: 4, hard_pairs_per_seed: 1, repeats: 3}\n"
    "mining: {hard_pairs_per_target: 5}\n"
    "eval: {datasets: [{name: a, path: \"eval/{split}\", tasks: [retrieval]}]}\n";
constexpr const char* kExperiment =
    "base: base.yaml\n"
    "tune: tune.yaml\n"
    "arms: [continued, helip]\n"
    "seeds: 3\n"
    "splits: 2\n"
    "set: [launcher.workers=1]\n"
    "measures: [a/mean_recall@1]\n"
    "choose:\n"
    "  datasets: [{name: v, path: \"v/{split}\", tasks: [retrieval], split: validation}]\n"
    "  measures: [v/mean_recall@1]\n"
    "  tries: [[train.lr=1.0e-4], [train.lr=3.0e-4]]\n"
    "  seeds: 2\n"
    "work_dir: out\n";

class Files {
 public:
  Files() {
    write("base.yaml", kBase);
    write("tune.yaml", kTune);
  }
  void write(const char* name, const std::string& text) { publish_file(path(name), text); }
  [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }

  JobPlan plan(const std::string& experiment) {
    write("e.yaml", experiment);
    return JobPlan(config::load_experiment(path("e.yaml")));
  }
  std::string error(const std::string& experiment) {
    try {
      static_cast<void>(plan(experiment));
      return "no error";
    } catch (const ConfigError& problem) {
      return problem.what();
    }
  }

 private:
  test::TemporaryFolder folder_;
};

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("seeds vary base, tuning and split") {
  Files files;
  const JobPlan plan = files.plan(kExperiment);
  const auto bases = plan.base_jobs();
  REQUIRE(bases.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::uint64_t seed = i + 1, split = 1 + i % 2;
    const config::RunConfig& base = bases[i].config;
    CHECK(bases[i].name == cat("base/seed-", seed));
    CHECK(base.corpus.path == files.path(cat("data/", split, "/corpus")).string());
    CHECK(base.model.architecture == files.path(cat("towers-", seed, "/")).string());
    CHECK(base.model.init_seed == seed);
    CHECK(base.train.seed == seed);
    CHECK(base.launcher.workers == 1);
    CHECK(base.eval.datasets.empty());
    CHECK(bases[i].until == jobs::Stage::kTrain);
    CHECK(base.output.work_dir == files.path(cat("out/base/seed-", seed)).string());
  }
  const auto jobs = plan.arm_jobs(plan.arms()[1], {"train.lr=3.0e-4"}, true);
  REQUIRE(jobs.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::uint64_t seed = i + 1;
    const config::RunConfig& job = jobs[i].config;
    CHECK(jobs[i].name == cat("arms/helip/seed-", seed));
    CHECK(job.model.init == files.path(cat("out/base/seed-", seed, "/model")).string());
    CHECK(job.train.seed == seed);
    CHECK(job.train.repeats == 1);
    CHECK(job.train.lr == 3.0e-4);
    CHECK(job.train.pairs == 800);  // 100 steps of 8, which are whole batches of 32
    CHECK(job.train.steps == 0);
    CHECK(job.eval.evaluate_init);
    CHECK(job.eval.datasets.at(0).path == files.path(cat("eval/", 1 + i % 2)).string());
    CHECK(job.encoder.feature_cache == files.path("out/cache").string());
  }
  CHECK_FALSE(plan.arm_jobs(plan.arms()[0], {}, false)[0].config.eval.evaluate_init);
}

TEST_CASE("tries are scored on the data sets of the choice alone") {
  Files files;
  const JobPlan plan = files.plan(kExperiment);
  // The plan is made once, of the files as they were.
  files.write("tune.yaml", "");
  const auto& tries = plan.try_jobs(plan.arms()[0]);
  REQUIRE(tries.size() == 4);  // two tries, two seeds each
  CHECK(tries[0].name == "choose/continued/try-1/seed-1");
  CHECK(tries[3].name == "choose/continued/try-2/seed-2");
  CHECK(tries[1].config.train.lr == 1e-4);
  CHECK(tries[2].config.train.lr == 3e-4);
  for (const PlannedJob& one : tries) {
    REQUIRE(one.config.eval.datasets.size() == 1);
    CHECK(one.config.eval.datasets[0].split == "validation");
    CHECK(one.config.train.hard_pairs == config::HardPairs::kNone);
    CHECK_FALSE(one.config.eval.evaluate_init);
  }
  CHECK(tries[1].config.eval.datasets[0].path == files.path("v/2").string());
}

TEST_CASE("the experiments of the sample corpora can be planned") {
  ::setenv("HELIP_DEMO_SEED", "2", 1);
  std::size_t found = 0;
  for (const auto& entry :
       fs::directory_iterator(fs::path(HELIP_SOURCE_DIR) / "configs/experiments")) {
    INFO(entry.path().string());
    const JobPlan plan(config::load_experiment(entry.path()));
    const std::size_t seeds = plan.experiment().seeds;
    CHECK(plan.base_jobs().size() == (plan.experiment().base.empty() ? 0 : seeds));
    for (const Arm& arm : plan.arms()) {
      CHECK(plan.try_jobs(arm).size() == arm.tries.size() * plan.experiment().choose.seeds);
      const config::Settings chosen = arm.tries.empty() ? config::Settings{} : arm.tries[0];
      CHECK(plan.arm_jobs(arm, chosen, true).size() == seeds);
    }
    ++found;
  }
  CHECK(found >= 3);
}

TEST_CASE("settings of the command come after the file's, and an arm's own after both") {
  Files files;
  files.write("e.yaml", kExperiment);
  const JobPlan plan(config::load_experiment(
      files.path("e.yaml"), {.set = {"launcher.workers=2", "train.lr=7.0e-4", "train.warmup=3"}}));
  const Arm& arm = plan.arms().front();
  const PlannedJob one = plan.arm_jobs(arm, {"train.lr=3.0e-4"}, false).front();
  CHECK(one.config.launcher.workers == 2);
  CHECK(one.config.train.warmup == 3);
  CHECK(one.config.train.lr == Approx(3.0e-4));
  CHECK(plan.base_jobs().front().config.launcher.workers == 2);
}

TEST_CASE(
    "the default work directory starts from the current folder, a given one from the file's") {
  Files files;
  CHECK(files.plan(kExperiment).experiment().work_dir == files.path("out").string());
  CHECK(files.plan(with(kExperiment, "work_dir: out\n", "")).experiment().work_dir ==
        (fs::current_path() / "work/experiment").string());
  // As a job's.
  CHECK(config::load_config(files.path("tune.yaml")).output.work_dir ==
        (fs::current_path() / config::RunConfig{}.output.work_dir).lexically_normal().string());
}

TEST_CASE("settings are not chosen on what is reported") {
  Files files;
  CHECK_THAT(files.error(with(with(kExperiment, "v/{split}", "eval/{split}"), "split: validation",
                              "split: test")),
             Contains("e.yaml: choose.datasets: v: settings would be chosen on data that") &&
                 Contains("eval/1, test"));
}

TEST_CASE("without a base the arms start from tune's checkpoint") {
  Files files;
  const JobPlan plan = files.plan(with(kExperiment, "base: base.yaml\n", ""));
  CHECK(plan.base_jobs().empty());
  CHECK(plan.arm_jobs(plan.arms()[0], {}, true)[1].config.model.init ==
        files.path("somewhere").string());
}

TEST_CASE("what is wrong with an experiment is named with file, line and key") {
  Files files;
  const std::string file = files.path("e.yaml").string();
  const auto line = [&](int number) { return cat(file, ":", number, ": "); };
  const auto error = [&](const char* from, const char* to) {
    return files.error(with(kExperiment, from, to));
  };
  CHECK_THAT(error("seeds: 3", "seed: 3"), Contains(line(4) + "seed: unknown key; expected seeds"));
  CHECK_THAT(error("seeds: 3", "seeds: 0"), Contains(line(4) + "seeds: value not allowed"));
  CHECK_THAT(error("tune: tune.yaml\n", ""), Contains("tune: value missing"));
  CHECK_THAT(error("tune.yaml", "none.yaml"), Contains("cannot read the configuration"));
  CHECK_THAT(error("[continued, helip]", "[continued, continued]"),
             Contains(line(3) + "arms[1]: value not allowed; expected each arm once"));
  CHECK_THAT(error("[continued, helip]", "[helip]"),
             Contains("control: value not allowed; expected one of arms; found continued"));
  CHECK_THAT(error("[a/mean_recall@1]", "[mean_recall@1]"),
             Contains(line(7) + "measures[0]: value not allowed; expected DATASET/METRIC"));
  CHECK_THAT(error("[[train.lr=1.0e-4], [train.lr=3.0e-4]]", "[[train.lr=1.0e-4]]"),
             Contains(line(11) + "choose.tries: value not allowed; expected at least two"));
  CHECK_THAT(error("  measures: [v/mean_recall@1]\n", ""),
             Contains("choose.measures: value not allowed; expected at least one metric"));
  CHECK_THAT(error("  seeds: 2", "  seeds: 4"),
             Contains(line(12) + "choose.seeds: value not allowed; expected at most 3; found 4"));
  CHECK_THAT(error("launcher.workers=1", "launcher.workrs=1"),
             Contains("launcher.workrs: unknown key; expected launcher.workers"));
  CHECK_THAT(error("[a/mean_recall@1]", "[bb/mean_recall@1]"),
             Contains(line(7) + "measures[0]: no such data set is scored; expected one of a; found "
                                "bb/mean_recall@1"));
  CHECK_THAT(error("[a/mean_recall@1]", "[a/mean_recall@1, a/text_retrival_recall@5]"),
             Contains(line(7) + "measures[1]: the tasks of the data set give no such metric; "
                                "expected a/text_retrieval_recall@5, perhaps; found a/text_retr"));
  // A metric of another task than the data set's, and a K that is none of eval.recall_k.
  CHECK_THAT(error("[a/mean_recall@1]", "[a/acc1]"),
             Contains("expected one of a/mean_recall@1, ") && Contains("found a/acc1"));
  CHECK_THAT(error("[a/mean_recall@1]", "[a/mean_recall@3]"), Contains("found a/mean_recall@3"));
  CHECK(error("[launcher.workers=1]\nmeasures: [a/mean_recall@1]",
              "[launcher.workers=1, \"eval.recall_k=[1, 3]\"]\nmeasures: [a/mean_recall@3]") ==
        "no error");
  CHECK_THAT(error("[v/mean_recall@1]", "[v/accuracy]"),
             Contains(line(10) + "choose.measures[0]: the tasks of the data set give no such"));
  CHECK_THAT(error("[v/mean_recall@1]", "[v/text_retrieval_mean_rank]"),
             Contains(line(10) + "choose.measures[0]: the best try has the highest measures"));
  CHECK_THAT(error("work_dir: out\n", "work_dir: out\ndefine: [{name: untouched}]\n"),
             Contains("define[0].name: value not allowed"));
  CHECK_THAT(
      error("work_dir: out\n", "work_dir: out\ndefine: [{name: b, tries: [[train.lr=1.0]]}]\n"),
      Contains("define[0].tries: value not allowed; expected 2 tries"));
}

}  // namespace helip::experiment
