// Checkpoints of one training: FOLDER/step-00000100/{model.safetensors, optimizer.safetensors,
// state.json, manifest.json}. manifest.json is written last and holds length and sha256 of the
// others. Its text is fixed too, so a change of any bit of the four files is found. The folder is
// published as a whole. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "train/checkpoint/held_out_scores.h"
#include "train/checkpoint/loss_scaler.h"

namespace helip::train {

inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";

// The run that a checkpoint belongs to. Another run refuses the checkpoint.
struct RunIdentity {
  std::uint64_t seed = 0;
  std::string config_digest;
  std::string model_digest;  // architecture and initial weights
  std::string table_digest;  // of the first hard-pair table; empty without one
};

// A hard-pair table's place in a training.
struct TableVersion {
  std::uint32_t number = 1;      // its folder's name
  std::uint64_t requested = 0;   // the step whose weights mined it
  std::uint64_t first_step = 0;  // the first that draws from it; begins a pass
  std::uint64_t first_pass = 0;  // the pass over the seeds that it begins
  std::string digest;            // digest_of (active_table.h); empty: not mined, or no table

  bool operator==(const TableVersion&) const = default;
};

// state.json: where training stands.
struct TrainState {
  RunIdentity run;
  std::uint64_t step = 0;   // steps done
  std::uint64_t epoch = 0;  // pass over the seeds of the next step
  double loss = 0;          // of the last step
  std::uint64_t pairs = 0;  // that have passed through the towers
  std::uint64_t views = 0;  // of images, in the self-supervised term
  LossScaler scaler = {.scale = 1};
  std::vector<TableVersion> later_tables = {};  // mined while training
  HeldOutScores held_out = {};
};

// Returns the last of state.later_tables if it was requested and is not mined yet (it has no
// digest); else null.
const TableVersion* awaited_table(const TrainState& state);

// Returns the name of a checkpoint's folder: step-00000100.
std::string checkpoint_name(std::uint64_t step);

// sha256 of a checkpoint's files, by file name.
using FileDigests = std::map<std::string, std::string>;

// Writes the checkpoint of state.step. `write` writes the model and optimizer files into the
// temporary folder that it is given, and returns their digests; the folder then gets its final
// name. Replaces a damaged checkpoint of this step. If there is a complete one, logs a warning and
// writes nothing. Throws StoreError, and what `write` throws.
void write_checkpoint(const std::filesystem::path& folder, const TrainState& state,
                      const std::function<FileDigests(const std::filesystem::path&)>& write);

// Reads one checkpoint. Checks every bit of its files, and that the folder is named after its step.
// Throws StoreError naming the file that is missing or damaged.
TrainState read_checkpoint(const std::filesystem::path& checkpoint);

// Returns the newest complete checkpoint under `folder`, or nothing. Skips, with a warning that
// says what is wrong, a damaged checkpoint, and one that awaits a table whose weights are in a
// damaged checkpoint. Throws StoreError if the checkpoint belongs to another run, naming the first
// thing that differs.
std::optional<TrainState> newest_checkpoint(const std::filesystem::path& folder,
                                            const RunIdentity& run);

struct CheckpointRetention {
  std::uint32_t keep = 2;        // newest ones with a manifest, at least one
  std::uint64_t keep_every = 0;  // multiples of this step stay for ever; 0: none
  // The checkpoint whose score has the highest value of this stays (early_stop.metric). Empty: none
  // stays for its score.
  std::string best_metric = {};
};

// Removes the checkpoints under `folder` that are older than the newest `retention.keep`, unless
// retention.keep_every or `needed` (a set of steps) keeps them.
void remove_old_checkpoints(const std::filesystem::path& folder,
                            const CheckpointRetention& retention,
                            const std::set<std::uint64_t>& needed = {});

// Returns the steps whose checkpoints this state still needs: the one of the best score
// (CheckpointRetention::best_metric), and the one whose weights mine the awaited table.
std::set<std::uint64_t> steps_needed(const TrainState& state, const std::string& best_metric);

// Removes temporary folders that a killed run left. Precondition: no other process writes
// checkpoints here.
void sweep_checkpoints(const std::filesystem::path& folder);

}  // namespace helip::train
