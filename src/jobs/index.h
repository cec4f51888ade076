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
  bool trains_on_features = false;  // of frozen towers, or given ones

  bool operator==(const IndexResult&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("corpus", &IndexResult::corpus),
                      field("trains_on_features", &IndexResult::trains_on_features)};
  }
};

}  // namespace helip::jobs
