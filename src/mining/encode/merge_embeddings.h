// Joins the results of encode tasks into the files that mining, training and people read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "mining/mining_job.h"

namespace helip::mining {

struct EncodeOutput {
  // Gets img_emb/img_emb_0.npy and text_emb/text_emb_0.npy; empty: the results hold no embeddings.
  std::filesystem::path embeddings;
  // Gets image_features.npy and text_features.npy if the results hold features; empty: they are not
  // kept.
  std::filesystem::path features;
  std::filesystem::path quarantine;  // gets quarantine.npy and quarantine.jsonl
};

struct EncodeSummary {
  std::uint64_t samples = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t image_dim = 0, text_dim = 0;                  // 0: no embeddings
  std::uint64_t image_feature_dim = 0, text_feature_dim = 0;  // 0: no features
  std::string embeddings_digest;  // as embeddings_digest() gives it for the files; empty: none
  std::string features_digest;    // the same of the features; empty: no features
};

// Streams the results (see encode_job.h; any order) row by row; memory does not grow with the
// corpus apart from the quarantine entries. Nothing has its final name before all results were
// read. `progress` counts pairs; after its last call, with `pairs`, files get their final names. It
// may throw to stop the merge. Throws StoreError if a range is missing or there twice, or a result
// does not fit.
EncodeSummary merge_embeddings(const std::vector<TaskResult>& results, std::uint64_t pairs,
                               const EncodeOutput& output, const Progress& progress);

}  // namespace helip::mining
