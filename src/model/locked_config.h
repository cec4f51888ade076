// helip_model.json: a locked-towers model folder. Torch-free.
//   {"format": "helip_model/1", "kind": "locked_towers", "embed_dim": 256,
//    "heads": {"hidden": 512, "dropout": 0.2},
//    "image_tower": {"file", "sha256", "feature_dim", "preprocess": {size, resize_mode, …}},
//    "text_tower": {"file", "sha256", "feature_dim",
//                   "tokenizer": {"kind": "wordpiece|clip_bpe", "file", "sha256",
//                                 "context_length"}}}
// Files are named relative to the folder, without "..", and pinned by their sha256.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "data/image.h"

namespace helip::model {

inline constexpr const char* kLockedConfigFile = "helip_model.json";
inline constexpr const char* kHeadsFile = "heads.safetensors";

struct PinnedFile {
  std::filesystem::path path;  // absolute or relative to the working directory
  std::string sha256;
};

struct LockedConfig {
  std::int64_t embed_dim = 256;
  std::int64_t hidden = 512;
  double dropout = 0;
  struct ImageTower {
    PinnedFile file;
    std::int64_t feature_dim = 0;
    data::PreprocessConfig preprocess;
  } image;
  struct TextTower {
    PinnedFile file;
    std::int64_t feature_dim = 0;
    std::string tokenizer_kind;  // wordpiece | clip_bpe
    PinnedFile tokenizer;
    int context_length = 0;
  } text;
};

// Reads FOLDER/helip_model.json. Throws ConfigError naming file and key.
LockedConfig read_locked_config(const std::filesystem::path& folder);

// Throws StoreError if a tower or the tokenizer is missing or its sha256 differs.
void verify_files(const LockedConfig& config);

// Writes `folder`/helip_model.json and the towers and tokenizer beside it (hard links where the
// file system allows, else copies), each checked against its sha256.
void write_locked_files(const LockedConfig& config, const std::filesystem::path& folder);

// sha256 over what decides the features: towers, tokenizer, context length, preprocessing, widths.
std::string digest_of_towers(const LockedConfig& config);

}  // namespace helip::model
