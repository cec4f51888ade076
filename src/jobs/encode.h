// The stage encode: embeddings of all pairs, and features of frozen towers where training wants
// them. Ranges of samples, then a merge.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "jobs/task.h"

namespace helip::jobs {

// Encodes samples [first, first + count).
struct EncodeTask {
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  static constexpr Stage kStage = Stage::kEncode;
  static constexpr std::string_view kKind = kRange;
  static constexpr auto fields() {
    return std::tuple{field("first", &EncodeTask::first), field("count", &EncodeTask::count)};
  }
};

struct EncodeResult {
  std::uint64_t samples = 0;
  std::uint64_t quarantined = 0;  // of the samples

  bool operator==(const EncodeResult&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("samples", &EncodeResult::samples),
                      field("quarantined", &EncodeResult::quarantined)};
  }
};

struct MergeEncodedTask {
  // The modalities whose features training reads: they are joined too.
  bool image_features = false;
  bool text_features = false;

  static constexpr Stage kStage = Stage::kEncode;
  static constexpr std::string_view kKind = kMerge;
  static constexpr auto fields() {
    return std::tuple{field("image_features", &MergeEncodedTask::image_features),
                      field("text_features", &MergeEncodedTask::text_features)};
  }
};

struct MergeEncodedResult {
  std::uint64_t image_dim = 0;    // width of an image embedding
  std::uint64_t quarantined = 0;  // pairs that cannot be used
  std::string embeddings_digest = {};
  std::string features_digest = {};  // empty where training reads no features

  bool operator==(const MergeEncodedResult&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("image_dim", &MergeEncodedResult::image_dim),
                      field("quarantined", &MergeEncodedResult::quarantined),
                      field("embeddings_digest", &MergeEncodedResult::embeddings_digest),
                      field("features_digest", &MergeEncodedResult::features_digest)};
  }
};

}  // namespace helip::jobs
