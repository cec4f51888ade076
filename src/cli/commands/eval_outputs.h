// What `helip eval` writes into the folder of --out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/eval_job.h"

namespace helip::cli {

// Returns the name of a result's file without a folder, as clip_benchmark forms it: "DATASET_
// PRETRAINED_MODEL_LANGUAGE_TASK.json". A path in `pretrained` is cut to its last part; what is no
// letter, digit, '.' or '-' becomes '_'.
std::string result_file_name(const eval::EvalResult& result);

// Writes a file for each result into `folder` in clip_benchmark's form, and one with the classes of
// those that have some into class_recalls/ below it. Makes the folders. Replaces files of the same
// names. Throws StoreError.
void write_outputs(const std::filesystem::path& folder,
                   const std::vector<eval::EvalResult>& results);

}  // namespace helip::cli
