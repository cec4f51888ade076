// helip_model.json: a model of two towers and a head over each. Torch-free.
//   {"format": "helip_model/1", "kind": "locked_towers", "embed_dim": 256,
//    "heads": {"hidden": 512, "dropout": 0.2},
//    "image_tower": {"file", "sha256", "feature_dim", "preprocess": {size, resize_mode, …}},
//    "text_tower": {"file", "sha256", "feature_dim",
//                   "tokenizer": {"kind": "wordpiece|clip_bpe|byte_level_bpe", "file", "sha256",
//                                 "context_length"[, "pad_id"]}}}
// Files are named relative to the folder, without "..", and pinned by their sha256. Of kind
// "towers", each tower may also have "train": "none" | "all" | "from:LAYER". Of kind "features" the
// towers are {"features", "sha256", "feature_dim"}: .npy files, wherever they lie, whose rows are
// the pairs of the corpus that "corpus_fingerprint" names. "heads" may be {"kind": "none"} where
// both towers give rows of one joint space, embed_dim wide: then of the heads only logit_scale is
// left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "data/image/image.h"
#include "model/files/tokenizer_kind.h"

namespace helip::model {

inline constexpr const char* kTwoTowerConfigFile = "helip_model.json";
inline constexpr const char* kHeadsFile = "heads.safetensors";

struct PinnedFile {
  std::filesystem::path path;  // absolute or relative to the working directory
  std::string sha256;
};

enum class TowersKind {
  kLocked,    // TorchScript towers, frozen: their features are computed once
  kTrained,   // at least one TorchScript tower is trained
  kFeatures,  // no towers: the features are given
};

inline constexpr const char* kTrainNothing = "none";

struct TowerTokenizer {
  TokenizerKind kind = TokenizerKind::kClipBpe;
  PinnedFile file;
  int context_length = 0;
  std::optional<std::int64_t> pad_id;  // where the tokenizer's file does not say
};

// An MLP with one hidden layer over each tower's features.
struct MlpHeads {
  std::int64_t hidden = 512;
  double dropout = 0;
};

struct TwoTowerConfig {
  TowersKind kind = TowersKind::kLocked;
  std::int64_t embed_dim = 256;
  std::optional<MlpHeads> heads = MlpHeads{};  // nothing: the features are in the joint space
  std::string corpus_fingerprint;              // of kFeatures
  struct TowerDescription {
    PinnedFile file;  // of kFeatures a .npy or a folder of its parts, pinned by digest_of_features
    std::int64_t feature_dim = 0;
    std::string train = kTrainNothing;  // none | all | from:LAYER
  };
  struct ImageTowerDescription : TowerDescription {
    data::PreprocessConfig preprocess;
  } image;
  struct TextTowerDescription : TowerDescription {
    std::optional<TowerTokenizer> tokenizer;  // nothing of kFeatures
  } text;
};

// Returns what `folder`/helip_model.json says. Throws ConfigError naming file and key.
TwoTowerConfig read_two_tower_config(const std::filesystem::path& folder);

// Throws StoreError if a tower or the tokenizer is missing or its sha256 differs. Given features
// are not looked at: they are verified where they are read.
void verify_files(const TwoTowerConfig& config);

// Writes `folder`/helip_model.json and the towers and tokenizer beside it (hard links where the
// file system allows, else copies). Given features stay where they are and are named by their
// absolute path. Throws StoreError if a file cannot be copied or its sha256 differs.
void write_locked_files(const TwoTowerConfig& config, const std::filesystem::path& folder);

// Returns the sha256 over what decides the features: towers, tokenizer, context length,
// preprocessing, widths. For a tower that is trained, the digest covers which layers are trained
// and leaves out the file that the training started from.
std::string digest_of_towers(const TwoTowerConfig& config);

}  // namespace helip::model
