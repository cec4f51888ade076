// The names of the array files that several folders of src read or write; docs/formats.md describes
// them.
#pragma once

namespace helip::store {

// A corpus: where its samples lie, which are duplicates, and which cannot be used.
inline constexpr const char* kIndexFile = "index.npy";
inline constexpr const char* kImageGroupFile = "image_group.npy";
inline constexpr const char* kCaptionGroupFile = "caption_group.npy";
inline constexpr const char* kQuarantineFile = "quarantine.npy";

// The stage encode: embeddings, the first part of their folders, and features of frozen towers.
inline constexpr const char* kImageEmbeddingsFile = "img_emb_0.npy";
inline constexpr const char* kTextEmbeddingsFile = "text_emb_0.npy";
inline constexpr const char* kImageFeaturesFile = "image_features.npy";
inline constexpr const char* kTextFeaturesFile = "text_features.npy";

// A hard-pair table.
inline constexpr const char* kIndicesFile = "indices.npy";
inline constexpr const char* kScoresFile = "scores.npy";
inline constexpr const char* kSuitableFile = "suitable.npy";

}  // namespace helip::store
