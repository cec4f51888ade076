// Settings whose best value lies at the end of what was tried: a better one may lie beyond.
#pragma once

#include <string>
#include <vector>

#include "config/experiment_config.h"

namespace helip::experiment {

struct GridEdge {
  std::string key, value;  // as the setting gives them: "train.lr", "8e-4"
  bool highest = false;    // false: the lowest
};

// Returns the keys of `chosen`, one of `tries`, whose number is the lowest or the highest of those
// that tries give the key, if these differ. Keys whose values are no numbers are left out.
std::vector<GridEdge> grid_edges(const std::vector<config::Settings>& tries,
                                 const config::Settings& chosen);

}  // namespace helip::experiment
