// A small finished work directory, made with the project's own writers: a corpus of eight pairs,
// embeddings, a table, results, a curve.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "eval/results.h"
#include "jobs/train.h"

namespace helip::test {

struct SmallJob {
  std::filesystem::path folder;
  config::RunConfig config;
  std::vector<eval::EvalResult> results;

  // Makes FOLDER with everything in it. Captions of the pairs are `captions` (at least 5).
  SmallJob(const std::filesystem::path& folder, const std::vector<std::string>& captions);

  // Writes config.yaml and results.json again, after a change.
  void write_config() const;
  // Writes the result of a training, as a worker does.
  void write_training(const jobs::TrainResult& result) const;
  void write_results() const;
};

// One retrieval and one zero-shot entry for the weights `label`.
std::vector<eval::EvalResult> small_results(const std::string& label, double accuracy,
                                            double image_recall, double text_recall);

}  // namespace helip::test
