// What `helip eval` writes into the folder of --out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/eval_job.h"

namespace helip::cli {

// Returns the name of a result's file without a folder, as clip_benchmark forms it: "DATASET_
// PRETRAINED_MODEL_LANGUAGE_TASK.json". A path in `pretrained` is whole, but for slashes at its
// ends, with "." and ".." taken out where that can be done without looking; what is no letter,
// digit, '.' or '-' becomes '_'.
std::string result_file_name(const eval::EvalResult& result);

// Checks that write_outputs() can write the results that this evaluation of a data set gives, or of
// several. Throws ConfigError naming --out if a file of that name is there and holds the result of
// another model or data set, if two results would have one name, or if no file of that name can be
// made; StoreError if what is there is no result.
void check_outputs(const std::filesystem::path& folder, const eval::EvalSpec& common,
                   const std::vector<config::EvalDataset>& datasets);

// Writes a file for each result into `folder` in clip_benchmark's form, and one with the classes of
// those that have some into class_recalls/ below it. Makes the folders. Replaces files of the same
// names. Throws StoreError.
void write_outputs(const std::filesystem::path& folder,
                   const std::vector<eval::EvalResult>& results);

}  // namespace helip::cli
