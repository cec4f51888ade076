// The errors of configurations, for tests of bad ones.
#pragma once

#include <string>
#include <vector>

#include "common/error.h"
#include "config/parse.h"

namespace helip::config {

// The error of a configuration, or "no error".
inline std::string error_of(const std::string& yaml,
                            const std::vector<std::string>& overrides = {}) {
  try {
    parse_config(yaml, "c.yaml", "/b", overrides);
  } catch (const helip::ConfigError& problem) {
    return problem.what();
  }
  return "no error";
}

inline const std::string kGood =
    "corpus: {path: c}\nmodel: {architecture: ViT-B-16}\ntrain: {steps: 9}\n";

struct Bad {
  std::string yaml;
  std::string error;
};

}  // namespace helip::config
