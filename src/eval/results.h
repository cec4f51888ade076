// results.json: a list of entries in clip_benchmark's form. Torch-free.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/eval_job.h"

namespace helip::eval {

std::string to_json(const std::vector<EvalResult>& results);
std::vector<EvalResult> results_from_json(const std::string& json, const std::string& origin);
void write_results(const std::filesystem::path& file, const std::vector<EvalResult>& results);

}  // namespace helip::eval
