// Inputs of the evaluation tasks, from a data set. No sample is left out: each function throws
// DataError, naming the data set and the sample, if something that the task needs is missing.
// `where` names the data set and its split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "eval/eval_dataset.h"

namespace helip::eval {

// Returns the label of each sample, for zero-shot classification and the linear probe. Throws
// DataError unless the data set has classes and each sample has one of them.
std::vector<std::int64_t> labels_of(const Dataset& dataset, const std::string& where);

// Returns every class name in every template, in class order: [classes · templates]. Throws
// DataError if there are no templates.
std::vector<std::string> prompts_of(const Dataset& dataset, const std::string& where);

// Captions of all images.
struct TaskCaptions {
  std::vector<std::string> texts;                  // in the order of the images
  std::vector<std::uint64_t> group;                // equal for equal captions
  std::vector<std::vector<std::size_t>> of_image;  // places in `texts`
};

// Returns the captions of all images, for retrieval. Throws DataError unless each image has a
// caption with a word in it. Blank lines beside it count as captions too, as in clip_benchmark;
// logs a warning with their number.
TaskCaptions captions_of(const Dataset& dataset, const std::string& where);

}  // namespace helip::eval
