// A check that an evaluation data set has what tasks need, without decoding its images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "config/run_config.h"

namespace helip::eval {

// Members that check_dataset() looks at in one split; later ones are left to the evaluation.
inline constexpr std::uint64_t kCheckedMembers = 300'000;

// Returns the number of classes; 0 if the data set has none. Throws DataError naming what is
// missing or wrong: the split, a shard, class names and templates (zero_shot), an image without a
// label (zero_shot, linear_probe, which also needs the split `train` and the validation split if it
// is named, and one label a sample), a label that breaks LabelRule, class folders that differ
// between splits, an image without a caption (retrieval), what breaks a rule of samples
// (eval/shard_samples.h). Logs a warning of a shard without an end mark.
std::size_t check_dataset(const config::EvalDataset& dataset);

// Throws DataError if one split has torchvision's layout and the other has not, or if their class
// folders differ: a label would mean another class in each.
void expect_same_classes(const std::filesystem::path& folder, const std::string& split,
                         const std::string& other);

}  // namespace helip::eval
