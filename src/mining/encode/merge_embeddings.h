// Joins the results of encode tasks into the files that mining, training and people read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "mining/mining_job.h"

namespace helip::mining {

struct EncodeOutput {
  // Folder for img_emb/img_emb_0.npy and text_emb/text_emb_0.npy; empty: the results hold no
  // embeddings.
  std::filesystem::path embeddings;
  // Folder for image_features.npy and text_features.npy, each made if the results hold it; empty:
  // features are not kept.
  std::filesystem::path features;
  std::filesystem::path quarantine;  // folder for quarantine.npy and quarantine.jsonl
};

struct EncodeSummary {
  std::uint64_t samples = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t image_dim = 0, text_dim = 0;                  // 0: no embeddings
  std::uint64_t image_feature_dim = 0, text_feature_dim = 0;  // 0: no features
  std::string embeddings_digest;  // embeddings_digest() of the files; empty: no embeddings
  std::string features_digest;    // digest_of_arrays() of the feature files; empty: no features
};

// Joins the results (see encode_job.h; any order) into the files of `output` and returns their
// summary. Streams them, so that memory does not grow with the corpus apart from the quarantine.
// Calls `progress` (not empty) with the pairs done; it may throw to stop the merge. Files get their
// final names after its last call, with `pairs`, when all results were read. Throws StoreError if a
// range is missing or there twice, or a result does not fit.
EncodeSummary merge_embeddings(const std::vector<TaskResult>& results, std::uint64_t pairs,
                               const EncodeOutput& output, const Progress& progress);

}  // namespace helip::mining
