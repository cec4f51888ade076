// The stage index: finds or makes the index of the corpus and learns which corpus and model it is.
#pragma once

#include <tuple>

#include "jobs/task.h"

namespace helip::jobs {

struct IndexTask {
  static constexpr Stage kStage = Stage::kIndex;
  static constexpr std::string_view kKind = kWhole;
  static constexpr auto fields() { return std::tuple{}; }
};

struct IndexResult {
  CorpusFacts corpus = {};
  // The modalities of which training takes features: of a frozen tower, or given.
  bool image_features = false;
  bool text_features = false;

  bool operator==(const IndexResult&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("corpus", &IndexResult::corpus),
                      field("image_features", &IndexResult::image_features),
                      field("text_features", &IndexResult::text_features)};
  }
};

}  // namespace helip::jobs
