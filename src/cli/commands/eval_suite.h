// helip eval --suite: scores of one model on a list of data sets, several at a time.
#pragma once

#include <cstdint>
#include <string>

#include "eval/eval_job.h"

namespace helip::cli {

struct SuiteArguments {
  std::string file;       // YAML (config::SuiteConfig)
  std::string data_root;  // where relative paths of the file start; empty: the file's folder
  std::string out;        // folder of the results, a file each; empty: none
  std::string json_file;  // of the table; empty: none, -: stdout in place of the table's text
  bool skip_missing = false;
  // Data sets at a time, a model each; 0: as many as cores / threads, or GPUs with device cuda.
  std::uint32_t workers = 0;
  std::uint32_t threads = 1;  // of each worker
};

// Scores the model of `common` (its model, weights' label, device and feature cache) on all data
// sets of the suite, and prints a table. The results do not depend on the number of workers.
// Device: cpu, cuda:I, or cuda: each worker has a GPU of its own. Throws ConfigError that names all
// data sets which are not there, unless skip_missing is set or none is there, and before anything
// is scored DataError for the first data set that lacks what its tasks need.
void evaluate_suite(const SuiteArguments& arguments, const eval::EvalSpec& common);

}  // namespace helip::cli
