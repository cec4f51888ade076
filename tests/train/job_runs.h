// Runs of the small training job in this process, and what they leave.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "train/small_job.h"

namespace helip::train {

inline TrainReport run(const TrainSpec& spec, const TrainCallbacks& callbacks = {}) {
  const auto alone = comm::open_group("local", "cpu", 60);
  return run_train_job(spec, *alone, callbacks);
}

// Outputs of their own for a second run on the same inputs.
inline TrainSpec with_outputs(TrainSpec spec, const std::filesystem::path& folder) {
  spec.checkpoint_folder = folder / "checkpoints";
  spec.metrics_file = folder / "metrics.jsonl";
  spec.model_folder = folder / "model";
  return spec;
}

// Loss of each step, as written.
inline std::vector<double> losses(const TrainSpec& spec) {
  std::istringstream lines(read_text_file(spec.metrics_file));
  std::vector<double> result;
  for (std::string line; std::getline(lines, line);) {
    const auto entry = Json::parse(line);
    CHECK(entry.at("step") == result.size() + 1);
    result.push_back(entry.at("loss"));
  }
  return result;
}

inline std::string weights_digest(const TrainSpec& spec) {
  return sha256_file(test::last_checkpoint(spec) / "model.safetensors") +
         sha256_file(test::last_checkpoint(spec) / "optimizer.safetensors");
}

inline std::string error_of(const TrainSpec& spec) {
  try {
    run(spec);
  } catch (const Error& problem) {
    return problem.what();
  }
  return "no error";
}

}  // namespace helip::train
