// train_program FOLDER BACKEND OUTPUT [KIND [KEY=VALUE …]]: trains a small job of FOLDER with its
// outputs in OUTPUT, and prints "step N" after each step, so that a test can kill it at a step of
// its choice, and at the end "budget PAIRS VIEWS". KIND is heads, pixels, towers, mixed or slip.
// KEY is steps, pairs, epochs, hard_pairs (mined, random or none), checkpoint_steps, lr,
// time_layers_every or shard_optimizer (1 or 0); held_out, a data set to score, which this program
// cannot; stop, a step after which it stops as if it had been asked to; or rank1_checkpoints, a
// folder of checkpoints that rank 1 takes for the job's. SIGTERM stops it too; then it ends with
// exit code 75.
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "common/error.h"
#include "common/text.h"
#include "train/small_job.h"

namespace {

volatile std::sig_atomic_t asked_to_stop = 0;

struct Options {
  std::uint64_t stop = 0;
  std::filesystem::path rank1_checkpoints;
};

helip::train::TrainSpec make_job(const std::string& kind, const std::filesystem::path& folder) {
  if (kind == "pixels") return helip::test::small_pixel_job(folder);
  if (kind == "towers") return helip::test::small_towers_job(folder);
  if (kind == "mixed") return helip::test::small_mixed_job(folder, "text");
  if (kind == "slip") return helip::test::small_slip_job(folder);
  return helip::test::small_job(folder);
}

void apply(const std::string& option, helip::config::RunConfig& config, Options& options) {
  helip::config::TrainConfig& train = config.train;
  const std::size_t equals = option.find('=');
  const std::string key = option.substr(0, equals);
  const std::string value = option.substr(equals + 1);
  if (key == "steps" || key == "pairs" || key == "epochs") {
    train.steps = key == "steps" ? std::stoull(value) : 0;
    train.pairs = key == "pairs" ? std::stoull(value) : 0;
    train.epochs = key == "epochs" ? std::stod(value) : 0;
  } else if (key == "hard_pairs") {
    train.hard_pairs = helip::config::choice_named<helip::config::HardPairs>(value).value();
  } else if (key == "checkpoint_steps") {
    train.checkpoint_steps = std::stoull(value);
  } else if (key == "lr") {
    train.lr = std::stod(value);
  } else if (key == "time_layers_every") {
    train.time_layers_every = std::stoull(value);
  } else if (key == "shard_optimizer") {
    train.shard_optimizer = value == "1";
  } else if (key == "held_out") {
    config.scores = {
        .datasets = {{.name = "dev", .path = value, .tasks = {helip::config::EvalTask::kZeroShot}}},
        .every_steps = 10};
  } else if (key == "stop") {
    options.stop = std::stoull(value);
  } else if (key == "rank1_checkpoints") {
    options.rank1_checkpoints = value;
  } else {
    throw helip::ConfigError({"unknown option", "train_program", "", option});
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) return helip::kExitUsage;
  std::signal(SIGTERM, [](int) { asked_to_stop = 1; });
  try {
    const std::filesystem::path output = arguments[3];
    helip::train::TrainSpec spec = make_job(count > 4 ? arguments[4] : "heads", arguments[1]);
    Options options;
    for (int i = 5; i < count; ++i) apply(arguments[i], spec.config, options);
    spec.checkpoint_folder = output / "checkpoints";
    spec.metrics_file = output / "metrics.jsonl";
    spec.events_folder = output / "tensorboard";
    spec.model_folder = output / "model";
    const auto ranks = helip::comm::open_group(arguments[2], "cpu", 60);
    if (ranks->rank() == 1 && !options.rank1_checkpoints.empty()) {
      spec.checkpoint_folder = options.rank1_checkpoints;
    }
    std::uint64_t done = 0;  // on rank 0 alone
    const helip::train::TrainCallbacks callbacks = {
        .progress =
            [&](const helip::train::TrainProgress& progress) {
              done = progress.step;
              std::printf("step %llu\n", static_cast<unsigned long long>(progress.step));
              std::fflush(stdout);
            },
        .should_stop =
            [&] {
              return asked_to_stop != 0 ||
                     (options.stop > 0 && done > 0 && done + 1 >= options.stop);
            }};
    const helip::train::TrainReport report = helip::train::run_train_job(spec, *ranks, callbacks);
    if (ranks->rank() == 0) {
      std::printf("budget %llu %llu\n", static_cast<unsigned long long>(report.budget.pairs),
                  static_cast<unsigned long long>(report.budget.views));
    }
    return report.stopped ? helip::kExitPreempted : helip::kExitDone;
  } catch (const helip::ConfigError& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return helip::kExitUsage;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return helip::kExitFailed;
  }
}
