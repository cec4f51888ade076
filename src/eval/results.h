// results.json: a list of entries in clip_benchmark's form. Torch-free. Equal results give equal
// bytes; numbers survive a round trip exactly.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/eval_job.h"

namespace helip::eval {

// Returns the text of a file. Throws StoreError if a metric is not finite: JSON has no such number.
std::string to_json(const std::vector<EvalResult>& results);
// Returns the results in the text of a file. Throws StoreError naming `origin` and the entry if it
// is not JSON or not a list, or if a key is missing, unknown, there twice or of another type.
std::vector<EvalResult> results_from_json(const std::string& json, const std::string& origin);
// Replaces the file atomically. Throws StoreError.
void write_results(const std::filesystem::path& file, const std::vector<EvalResult>& results);
// Reads a file. Throws StoreError as results_from_json, or if it cannot be read.
std::vector<EvalResult> read_results(const std::filesystem::path& file);

}  // namespace helip::eval
