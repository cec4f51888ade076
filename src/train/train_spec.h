// The files and folders that a training reads and writes, and its configuration. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "config/run_config.h"

namespace helip::train {

struct TrainSpec {
  config::RunConfig config;
  std::uint64_t seed = 1;               // train.seed + index of the repeat
  std::filesystem::path corpus_folder;  // with manifest.json
  // With image_features.npy and text_features.npy, of the towers that are frozen; empty if none is.
  std::filesystem::path features_folder;
  // The first table; empty unless train.hard_pairs is mined.
  std::filesystem::path hard_pairs_folder;
  std::filesystem::path remined_folder;     // later tables: 2, 3, … (remine)
  std::filesystem::path quarantine_folder;  // with quarantine.npy; empty: nothing is quarantined
  // step-00000100/… are made here; the newest complete one is resumed.
  std::filesystem::path checkpoint_folder;
  // metrics.jsonl; lines past the resumed step are cut. Beside it layer_times.jsonl and
  // scores.jsonl.
  std::filesystem::path metrics_file;
  std::filesystem::path events_folder;  // of TensorBoard's event files; empty: none are written
  std::filesystem::path model_folder;   // the finished model
  std::string device = "cpu";           // cpu | cuda:I
};

}  // namespace helip::train
