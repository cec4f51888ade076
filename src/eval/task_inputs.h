// Inputs of the evaluation tasks, from a data set. No sample is left out: each function throws
// DataError, naming the data set and the sample, if something that the task needs is missing.
// `where` names the data set and its split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config/choices.h"
#include "eval/eval_dataset.h"

namespace helip::eval {

// Returns the labels of each sample, for zero-shot classification. Throws DataError unless the data
// set has classes and each sample has at least one of them.
std::vector<Labels> labels_of(const Dataset& dataset, const std::string& where);

// Returns the label of each sample, for the linear probe. Throws DataError as labels_of, and if a
// sample has several.
std::vector<std::int64_t> single_labels_of(const Dataset& dataset, const std::string& where);

// Returns every class name in every template, in class order: [classes · templates]. Throws
// DataError if there are no templates.
std::vector<std::string> prompts_of(const Dataset& dataset, const std::string& where);

// Captions of all images.
struct TaskCaptions {
  std::vector<std::string> texts;                  // in the order of the images
  std::vector<std::uint64_t> group;                // equal for captions that are one answer
  std::vector<std::vector<std::size_t>> of_image;  // places in `texts`
};

// Returns the captions of all images, for retrieval. With kHits captions of one
// data::caption_key() are one answer, with kStrict each is its own. Throws DataError unless each
// image has a caption with a word in it. Blank lines beside it count as captions too, as in
// clip_benchmark; logs a warning with their number.
TaskCaptions captions_of(const Dataset& dataset, config::EqualCaptions equal,
                         const std::string& where);

}  // namespace helip::eval
