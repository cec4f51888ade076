// train_program FOLDER BACKEND OUTPUT [towers|slip]: trains the small job of FOLDER, or the one
// that trains towers or a SLIP model, with its outputs in OUTPUT, and prints "step N" after each
// step, so that a test can kill it at a step of its choice.
#include <cstdio>
#include <exception>
#include <string>

#include "common/error.h"
#include "train/small_job.h"

int main(int count, char** arguments) {
  if (count != 4 && count != 5) return helip::kExitUsage;
  try {
    const std::filesystem::path output = arguments[3];
    const std::string kind = count == 5 ? arguments[4] : "";
    helip::train::TrainSpec spec = kind == "towers" ? helip::test::small_towers_job(arguments[1])
                                   : kind == "slip" ? helip::test::small_slip_job(arguments[1])
                                                    : helip::test::small_job(arguments[1]);
    spec.checkpoint_folder = output / "checkpoints";
    spec.metrics_file = output / "metrics.jsonl";
    spec.model_folder = output / "model";
    const auto ranks = helip::comm::open_group(arguments[2], "cpu", 60);
    helip::train::TrainCallbacks callbacks;
    callbacks.progress = [](const helip::train::TrainProgress& progress) {
      std::printf("step %llu\n", static_cast<unsigned long long>(progress.step));
      std::fflush(stdout);
    };
    helip::train::run_train_job(spec, *ranks, callbacks);
    return helip::kExitDone;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return helip::kExitFailed;
  }
}
