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
// the pairs of the corpus that "corpus_fingerprint" names. A tower may have a "head" of its own,
// which "heads" is for those that have none. A head is {"hidden"[, "dropout"]},
// {"kind": "linear"}, or {"kind": "none"} where the tower gives rows of the joint space, embed_dim
// wide.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "data/image/image.h"
#include "model/files/input_kinds.h"
#include "model/files/tokenizer_kind.h"

namespace helip::model {

inline constexpr const char* kTwoTowerConfigFile = "helip_model.json";
inline constexpr const char* kHeadsFile = "heads.safetensors";

struct PinnedFile {
  std::filesystem::path path;  // absolute or relative to the working directory
  std::string sha256;
};

enum class TowersKind {
  kLocked,    // TorchScript towers, frozen
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

// What is between a tower's features and the joint space.
enum class HeadKind {
  kMlp,     // Linear, GELU, Dropout, Linear
  kLinear,  // Linear
  kNone,    // nothing: the features are in the joint space
};

struct HeadDescription {
  HeadKind kind = HeadKind::kMlp;
  std::int64_t hidden = 512;  // of kMlp, as dropout
  double dropout = 0;
  bool operator==(const HeadDescription&) const = default;
};

struct TwoTowerConfig {
  TowersKind kind = TowersKind::kLocked;
  std::int64_t embed_dim = 256;
  std::string corpus_fingerprint;  // of kFeatures
  struct TowerDescription {
    PinnedFile file;  // of kFeatures a .npy or a folder of its parts, pinned by digest_of_features
    std::int64_t feature_dim = 0;
    std::string train = kTrainNothing;  // none | all | from:LAYER
    HeadDescription head = {};

    [[nodiscard]] bool is_trained() const { return train != kTrainNothing; }
    // Returns kFeatures unless the tower is trained.
    [[nodiscard]] InputKind input_kind() const {
      return is_trained() ? InputKind::kRaw : InputKind::kFeatures;
    }
  };
  struct ImageTowerDescription : TowerDescription {
    data::PreprocessConfig preprocess;
  } image;
  struct TextTowerDescription : TowerDescription {
    std::optional<TowerTokenizer> tokenizer;  // nothing of kFeatures
  } text;

  [[nodiscard]] std::array<const TowerDescription*, 2> towers() const { return {&image, &text}; }
  [[nodiscard]] InputKinds input_kinds() const {
    return {.image = image.input_kind(), .text = text.input_kind()};
  }
};

// Returns what `folder`/helip_model.json says. Throws ConfigError naming file and key.
TwoTowerConfig read_two_tower_config(const std::filesystem::path& folder);

// Throws StoreError if a tower or the tokenizer is missing or its sha256 differs. Given features
// are not looked at: they are verified where they are read.
void verify_files(const TwoTowerConfig& config);

// Writes `folder`/helip_model.json and the towers and tokenizer beside it (hard links where the
// file system allows, else copies). Given features stay where they are and are named by their
// absolute path. Throws StoreError if a file cannot be copied or its sha256 differs.
void write_two_towers(const TwoTowerConfig& config, const std::filesystem::path& folder);

// Return the sha256 over what decides one tower's features: the tower, its width, and preprocessing
// or tokenizer with its context length. For a tower that is trained, the digest covers which layers
// are trained and leaves out the file that the training started from. For given features it covers
// the corpus.
std::string digest_of_image_tower(const TwoTowerConfig& config);
std::string digest_of_text_tower(const TwoTowerConfig& config);
// Returns the sha256 over both.
std::string digest_of_towers(const TwoTowerConfig& config);

}  // namespace helip::model
