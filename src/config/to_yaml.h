// The resolved configuration as text, and its digests. Does not need yaml-cpp.
#pragma once

#include <string>

#include "config/run_config.h"

namespace helip::config {

// Returns the resolved configuration as YAML with all keys in a fixed order.
// parse_config(to_yaml(c)) == c if the paths of c are absolute, as the paths of a parsed
// configuration are.
std::string to_yaml(const RunConfig& config);

// A digest is the SHA-256 of all keys on which a result depends, with their values, as to_yaml()
// writes them. No digest contains the keys of operation (coordinator, launcher except
// threads_per_worker and device, caches, logging, time-outs: config/fields.h), so these may change
// between two runs of one job.

// Returns the digest of the keys that the trained model depends on. It has no key of `eval` or
// `output`.
std::string training_digest(const RunConfig& config);

// Returns the digest of the keys that the results depend on: the keys of training_digest() and
// `eval`.
std::string config_digest(const RunConfig& config);

// Returns the digest of the keys that the report depends on: the keys of config_digest() and
// output.gallery_targets.
std::string report_digest(const RunConfig& config);

}  // namespace helip::config
