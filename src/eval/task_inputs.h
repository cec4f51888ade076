// What an evaluation task takes from a data set. Each throws DataError, naming the data set and the
// sample, where something that the task needs is missing: no sample is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "eval/eval_dataset.h"

namespace helip::eval {

// The samples' labels: zero-shot classification and the linear probe need one of the data set's
// classes for each. `where` names the data set and its split.
std::vector<std::int64_t> labels_of(const Dataset& dataset, const std::string& where);

// Every template with every class name, in class order.
std::vector<std::string> prompts_of(const Dataset& dataset, const std::string& where);

// Captions of all images, one row each, with the group of equal captions.
struct TaskCaptions {
  std::vector<std::string> texts;
  std::vector<std::uint64_t> group;
  std::vector<std::vector<std::size_t>> of_image;
};

// Retrieval needs a caption with a word in it for each image. Blank lines beside it are captions
// too, as in clip_benchmark; how many there are is logged as a warning.
TaskCaptions captions_of(const Dataset& dataset, const std::string& where);

}  // namespace helip::eval
