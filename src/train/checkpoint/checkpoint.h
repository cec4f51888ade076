// Checkpoints of one training: FOLDER/step-00000100/{model.safetensors, optimizer.safetensors,
// state.json, manifest.json}. manifest.json, written last, holds length and sha256 of the others
// and has one form only: every bit of the four files counts. The folder is published as a whole.
// Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "train/checkpoint/early_stopping.h"
#include "train/checkpoint/loss_scaler.h"

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

// A hard-pair table's place in a training.
struct TableVersion {
  std::uint32_t number = 1;       // its folder's name
  std::uint64_t requested = 0;    // the step whose weights mined it
  std::uint64_t first_step = 0;   // it is drawn from since then, where an epoch begins
  std::uint64_t first_epoch = 0;  // that epoch
  std::string digest;             // sha256 over the digests of its arrays; empty: no table

  bool operator==(const TableVersion&) const = default;
};

// state.json: where training stands.
struct TrainState {
  RunIdentity run;
  std::uint64_t step = 0;   // steps done
  std::uint64_t epoch = 0;  // of the next step
  double loss = 0;          // of the last step
  LossScaler scaler = {.scale = 1};
  std::vector<TableVersion> later_tables = {};  // mined while training; the first is in `run`
  HeldOutScores held_out = {};
};

// The last of the later tables, if it was asked for and is not there yet: it has no digest.
const TableVersion* awaited_table(const TrainState& state);

// Name of a checkpoint's folder: step-00000100.
std::string checkpoint_name(std::uint64_t step);

// sha256 of the files of a checkpoint, by name.
using FileDigests = std::map<std::string, std::string>;

// `write(folder)` puts the model and optimizer files into a folder that then gets its final name,
// and returns their digests. A damaged checkpoint of this step is replaced; a complete one stays
// as it is, and nothing is written. Throws StoreError.
void write_checkpoint(const std::filesystem::path& folder, const TrainState& state,
                      const std::function<FileDigests(const std::filesystem::path&)>& write);

// Reads and checks one checkpoint, every bit of it, and that its step is the one of its name.
// Throws StoreError naming the file that is missing or damaged.
TrainState read_checkpoint(const std::filesystem::path& checkpoint);

// Returns the newest complete checkpoint under `folder`. Skips a damaged checkpoint, and one that
// awaits a table of a damaged checkpoint, with a warning that says what is wrong. Throws StoreError
// if the checkpoint belongs to another run, naming the first thing that differs.
std::optional<TrainState> newest_checkpoint(const std::filesystem::path& folder,
                                            const RunIdentity& run);

struct CheckpointRetention {
  std::uint32_t keep = 2;        // newest complete ones, at least one
  std::uint64_t keep_every = 0;  // those of steps that are multiples of it stay for ever; 0: none
};

// Removes all others but those of the steps `needed`.
void remove_old_checkpoints(const std::filesystem::path& folder,
                            const CheckpointRetention& retention,
                            const std::set<std::uint64_t>& needed = {});

// Steps whose checkpoints this state still needs: of the best score, of a table that is not there.
std::set<std::uint64_t> steps_needed(const TrainState& state);

// Removes what a killed run left half written. Only while no other process writes checkpoints here.
void sweep_checkpoints(const std::filesystem::path& folder);

}  // namespace helip::train
