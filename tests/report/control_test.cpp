#include "report/control.h"

#include <catch2/catch.hpp>

#include "common/digest.h"
#include "common/publish.h"
#include "report/comparison.h"
#include "small_job.h"
#include "support/temporary_folder.h"

namespace helip::report {
namespace {

using Catch::Matchers::Contains;
using test::SmallJob;

const std::vector<std::string> kCaptions = {"a", "b", "c", "d", "e", "f", "g", "h"};

// A job with hard pairs and one without, with equal budgets.
class TwoJobs {
 public:
  TwoJobs() { set_none(other_.config); }
  static void set_none(config::RunConfig& config) {
    config.train.hard_pairs = config::HardPairs::kNone;
  }
  std::vector<std::string> faults(const std::set<std::string>& chosen = {}) {
    other_.write_config();
    return control_faults(read_job(subject_.folder), read_job(other_.folder), chosen);
  }
  void train_other(jobs::TrainResult result) {
    std::filesystem::remove_all(other_.folder / "tasks");
    for (const std::uint64_t seed : {1U, 2U}) {
      result.seed = seed;
      other_.write_training(result);
    }
  }
  SmallJob& subject() { return subject_; }
  SmallJob& other() { return other_; }

 private:
  test::TemporaryFolder folder_;
  SmallJob subject_{folder_.path() / "helip", kCaptions};
  SmallJob other_{folder_.path() / "continued", kCaptions};
};

const jobs::TrainResult kEqual = {.steps = 40,
                                  .final_loss = 0.1,
                                  .initial_digest = "of the base",
                                  .usable_pairs = 8,
                                  .pairs = 640};

}  // namespace

TEST_CASE("a job without hard pairs and with an equal budget is the control") {
  TwoJobs jobs;
  CHECK(jobs.faults().empty());
  jobs.other().config.train.lr = 0.5;  // each arm may have the rate that suits it
  jobs.other().config.train.steps = 0;
  jobs.other().config.train.pairs = 640;  // the same length in other words
  jobs.other().config.mining.hard_pairs_per_target = 7;
  jobs.other().config.loss.margin_weight = 1;
  CHECK(jobs.faults().empty());
}

TEST_CASE("a job with another budget is no control, by the name of what differs") {
  TwoJobs jobs;
  jobs::TrainResult result = kEqual;
  std::string expected;
  SECTION("weights") {
    result.initial_digest = "of another";
    expected =
        "continued: the digest of the initial weights of seed 1 is \"of another\", helip has "
        "\"of the base\"";
  }
  SECTION("pairs") {
    result.pairs = 160;
    expected = "continued: the number of pairs that seed 1 forwarded is 160, helip has 640";
  }
  SECTION("views") {
    result.views = 1280;
    expected = "continued: the number of views that seed 1 forwarded is 1280, helip has 0";
  }
  SECTION("usable pairs") {
    result.usable_pairs = 7;
    expected = "continued: the number of usable pairs of seed 1 is 7, helip has 8";
  }
  jobs.train_other(result);
  const auto faults = jobs.faults();
  REQUIRE(faults.size() == 2);  // of two seeds
  CHECK(faults[0] == expected);
}

TEST_CASE("a job of another schedule, batch, corpus or kind is no control") {
  TwoJobs jobs;
  config::RunConfig& other = jobs.other().config;
  std::string expected;
  SECTION("kind") {
    other.train.hard_pairs = config::HardPairs::kRandom;
    expected = "train.hard_pairs is random, a control has none";
  }
  SECTION("warm-up") {
    other.train.optimizer_warmup = 7;
    expected = "train.optimizer_warmup is 7, helip has 0";
  }
  SECTION("schedule") {
    other.train.lr_scheduler = config::LrScheduler::kConst;
    expected = "train.lr_scheduler is \"const\", helip has \"cosine\"";
  }
  SECTION("batch") {
    other.train.seeds_per_batch = 32;
    expected = "the number of pairs in a batch is 64, helip has 16";
  }
  SECTION("seed") {
    other.train.seed = 2;
    expected = "seed 1 is not trained";
  }
  SECTION("training that is not finished") {
    std::filesystem::remove_all(jobs.other().folder / "tasks");
    expected = "a training is not finished";
  }
  const auto faults = jobs.faults();
  REQUIRE_FALSE(faults.empty());
  CHECK_THAT(faults[0], Contains(expected));
}

TEST_CASE("a training's result of an earlier version is named as missing, not an error") {
  TwoJobs jobs;
  const auto tasks = jobs.other().folder / "tasks" / "train";
  std::filesystem::remove_all(tasks);
  std::filesystem::create_directories(tasks);
  const std::string text =
      R"({"format":"helip_task/2","task":"train/seed-1","task_sha256":"","result":{"seed":1}})";
  publish_file(tasks / ("seed-1-3-" + sha256_hex(text).substr(0, 16) + ".json"), text);
  const JobRecord job = read_job(jobs.other().folder);
  CHECK(job.trainings.empty());
  REQUIRE_FALSE(job.missing.empty());
  CHECK_THAT(job.missing.back(),
             Contains("what training has used") && Contains("steps: a key is missing"));
}

TEST_CASE("a comparison without a control says so in text and page") {
  TwoJobs jobs;
  jobs.other().config.train.warmup = 3;
  jobs.other().write_config();
  const Comparison comparison = compare_jobs(jobs.subject().folder, {jobs.other().folder});
  CHECK_FALSE(comparison.has_control);
  CHECK(comparison.reference == 0);
  CHECK_THAT(to_text(comparison),
             Contains("no control: continued: train.warmup is 3, helip has 0\n"));
  const auto page = jobs.subject().folder / "comparison.html";
  write_comparison(page, comparison);
  const std::string text = read_text_file(page);
  CHECK_THAT(text, Contains("None of these jobs is the control") &&
                       Contains("train.warmup is 3, helip has 0") && !Contains("(control)"));
}

TEST_CASE("keys that each of the two has chosen may differ, and no others") {
  TwoJobs jobs;
  jobs.other().config.train.wise_ft = 0.5;
  jobs.other().config.train.wd = 0.3;
  CHECK(jobs.faults().size() == 2);
  const std::vector<std::string> left = jobs.faults({"train.wise_ft", "train.lr"});
  REQUIRE(left.size() == 1);
  CHECK_THAT(left[0], Contains("train.wd is 0.3"));
}

}  // namespace helip::report
