// results.json, a list of entries in clip_benchmark's form, and clip_benchmark's own files, one
// entry each. Torch-free. Equal results give equal bytes; numbers survive a round trip exactly.
// The classes of a result are no part of either (eval/class_recalls.h).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/eval_job.h"

namespace helip::eval {

// Returns the text of a file. Throws StoreError if a metric is not finite: JSON has no such number.
std::string to_json(const std::vector<EvalResult>& results);
// Returns the text of a file with one result, which `clip_benchmark build` reads, in one line.
// Throws StoreError as above.
std::string to_json(const EvalResult& result);
// Returns the results in the text of a file. Throws StoreError naming `origin` and the entry if it
// is not JSON or not a list, or if a key is missing, unknown, there twice or of another type.
std::vector<EvalResult> results_from_json(const std::string& json, const std::string& origin);
// Replaces the file atomically. Throws StoreError.
void write_results(const std::filesystem::path& file, const std::vector<EvalResult>& results);
// Replaces a file of one result atomically. Throws StoreError.
void write_result(const std::filesystem::path& file, const EvalResult& result);
// Reads a file of a list. Throws StoreError as results_from_json, or if it cannot be read.
std::vector<EvalResult> read_results(const std::filesystem::path& file);

}  // namespace helip::eval
