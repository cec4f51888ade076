// results.json: a list of entries in clip_benchmark's form. Torch-free. Equal results give equal
// bytes; numbers survive a round trip exactly.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/eval_job.h"

namespace helip::eval {

// Throws StoreError if a metric is not finite: JSON has no such number.
std::string to_json(const std::vector<EvalResult>& results);
// Throws StoreError naming `origin` and the entry: not JSON, not a list, a key missing, unknown,
// twice there or of another type.
std::vector<EvalResult> results_from_json(const std::string& json, const std::string& origin);
// Replaces the file atomically.
void write_results(const std::filesystem::path& file, const std::vector<EvalResult>& results);
std::vector<EvalResult> read_results(const std::filesystem::path& file);

}  // namespace helip::eval
