// Checkpoints of one training: FOLDER/step-00000100/{model.safetensors, optimizer.safetensors,
// state.json, manifest.json}. manifest.json, written last, holds the sha256 of the others; the
// folder is published as a whole. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "train/loss_scaler.h"

namespace helip::train {

inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";

// What a checkpoint belongs to; another run's is refused.
struct RunIdentity {
  std::uint64_t seed = 0;
  std::string config_digest;
  std::string model_digest;  // architecture and initial weights
  std::string table_digest;  // of the hard-pair table; empty without one
};

// state.json: where training stands.
struct TrainState {
  RunIdentity run;
  std::uint64_t step = 0;   // steps done
  std::uint64_t epoch = 0;  // of the next step
  double loss = 0;          // of the last step
  LossScaler scaler = {.scale = 1};
};

// Name of a checkpoint's folder: step-00000100.
std::string checkpoint_name(std::uint64_t step);

// `write(folder)` puts the model and optimizer files into a folder that then gets its final name.
// An existing checkpoint of this step (a damaged one, or training would have resumed from it) is
// replaced. Throws StoreError.
void write_checkpoint(const std::filesystem::path& folder, const TrainState& state,
                      const std::function<void(const std::filesystem::path&)>& write);

// Reads and checks one checkpoint, all digests. Throws StoreError naming the file that is missing
// or damaged.
TrainState read_checkpoint(const std::filesystem::path& checkpoint);

// The newest complete checkpoint under `folder`; damaged ones are skipped with a warning that says
// what is wrong. Throws StoreError if it belongs to another run, naming the first thing that
// differs.
std::optional<TrainState> newest_checkpoint(const std::filesystem::path& folder,
                                            const RunIdentity& run);

// Removes all but the newest `keep` complete checkpoints (at least one stays).
void remove_old_checkpoints(const std::filesystem::path& folder, std::uint32_t keep);

// Removes what a killed run left half written. Only while no other process writes checkpoints here.
void sweep_checkpoints(const std::filesystem::path& folder);

}  // namespace helip::train
