// Which images are decoded at all.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace helip::data {

// Checked before pixels are allocated. The defaults are the configuration's.
struct DecodeLimits {
  std::uint64_t max_pixels = config::CorpusConfig{}.max_pixels;
  std::uint64_t max_bytes = config::CorpusConfig{}.max_image_bytes;  // encoded
};

inline DecodeLimits limits_of(const config::CorpusConfig& config) {
  return {.max_pixels = config.max_pixels, .max_bytes = config.max_image_bytes};
}

}  // namespace helip::data
