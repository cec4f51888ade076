// The resolved configuration as text, and its digest. Without yaml-cpp.
#pragma once

#include <string>

#include "config/run_config.h"

namespace helip::config {

// The resolved configuration as YAML, all keys, fixed order: parse_config(to_yaml(c)) == c if the
// paths of c are absolute, as those of a parsed configuration are.
std::string to_yaml(const RunConfig& config);

// sha256 of the keys that determine the finished work up to one point, as to_yaml writes them. Keys
// of operation (coordinator, launcher apart from threads_per_worker and device, caches, logging,
// time-outs: config/fields.h) are in none: they may change between two runs of one job.

// Returns the digest of what the trained model follows from. Neither `eval` nor `output` changes
// it.
std::string training_digest(const RunConfig& config);

// Returns the digest of what the results follow from: training_digest's keys and `eval`.
std::string config_digest(const RunConfig& config);

// Returns the digest of what the report follows from: config_digest's keys and
// output.gallery_targets.
std::string report_digest(const RunConfig& config);

}  // namespace helip::config
