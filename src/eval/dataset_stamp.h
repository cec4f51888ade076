// What tells without reading an evaluation data set that its files have changed. Torch-free.
#pragma once

#include <string>

#include "config/run_config.h"

namespace helip::eval {

// Returns a digest of names, sizes and times of the last change of the files that scoring this data
// set reads: its splits, with a linear probe those that it learns from too, class names and
// templates. Throws DataError if a file or a folder cannot be examined.
std::string dataset_stamp(const config::EvalDataset& dataset);

}  // namespace helip::eval
