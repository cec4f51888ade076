// The resolved configuration as text, and its digest. Without yaml-cpp.
#pragma once

#include <string>

#include "config/run_config.h"

namespace helip::config {

// The resolved configuration as YAML, all keys, fixed order: parse_config(to_yaml(c)) == c if the
// paths of c are absolute, as those of a parsed configuration are.
std::string to_yaml(const RunConfig& config);

// sha256 of the keys that determine results, as to_yaml writes them. Left out are coordinator,
// launcher (apart from threads_per_worker and device), output, and the keys that fields.h marks as
// operation only (caches, logging, time-outs): they may change between two runs of one job.
std::string config_digest(const RunConfig& config);

}  // namespace helip::config
