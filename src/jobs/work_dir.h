// Where the files and folders of a work directory lie: coordinator, workers, report and commands
// ask here. What is inside of a folder is its format's affair. Each function returns a path, and
// its comment says what lies there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "config/run_config.h"
#include "jobs/stage.h"

namespace helip::jobs {

class WorkDir {
 public:
  // Makes `root` absolute. The folder need not exist.
  explicit WorkDir(const std::filesystem::path& root);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path config() const { return root_ / "config.yaml"; }
  [[nodiscard]] std::filesystem::path database() const {
    return root_ / "coordinator" / "state.db";
  }
  [[nodiscard]] std::filesystem::path address() const { return root_ / "coordinator" / "address"; }
  [[nodiscard]] std::filesystem::path status() const { return root_ / "status.json"; }
  [[nodiscard]] std::filesystem::path logs() const { return root_ / "logs"; }
  // Holds location() and what encode quarantines; the index too if the corpus has none of its own.
  [[nodiscard]] std::filesystem::path corpus() const { return root_ / "corpus"; }
  // A line that names the folder with the corpus' manifest.json.
  [[nodiscard]] std::filesystem::path location() const { return corpus() / "location.txt"; }
  // A line for each pair that cannot be used, and why.
  [[nodiscard]] std::filesystem::path quarantine() const { return corpus() / "quarantine.jsonl"; }
  [[nodiscard]] std::filesystem::path features() const { return root_ / "features"; }
  // The folder of all hard-pair tables, and the first one, which the stage mine makes.
  [[nodiscard]] std::filesystem::path tables() const { return root_ / "hard_pairs"; }
  [[nodiscard]] std::filesystem::path first_table() const { return tables() / "1"; }
  [[nodiscard]] std::filesystem::path metrics() const { return root_ / "metrics.jsonl"; }
  [[nodiscard]] std::filesystem::path scores() const { return root_ / "scores.jsonl"; }
  // TensorBoard's: WORK/tensorboard for one training, a folder per seed for several.
  [[nodiscard]] std::filesystem::path events(const config::TrainConfig& train,
                                             std::uint64_t seed) const;
  [[nodiscard]] std::filesystem::path results() const { return root_ / "results.json"; }
  // How often the samples of each class were classified rightly (eval/class_recalls.h).
  [[nodiscard]] std::filesystem::path class_recalls() const { return root_ / "class_recalls.json"; }
  [[nodiscard]] std::filesystem::path report() const { return root_ / "report" / "index.html"; }
  // The page that compares this job with others.
  [[nodiscard]] std::filesystem::path comparison() const {
    return root_ / "report" / "comparison.html";
  }
  [[nodiscard]] std::filesystem::path tasks(Stage stage) const;
  // What the merge task of a stage reads, a line for each result (jobs::MergeInput).
  [[nodiscard]] std::filesystem::path merge_inputs(Stage stage) const {
    return tasks(stage) / "merge-inputs.jsonl";
  }
  // What the evaluation data sets looked like when they were scored (jobs/data_stamps.h).
  [[nodiscard]] std::filesystem::path data_stamps() const {
    return tasks(Stage::kEval) / "data_sets.json";
  }
  // How many targets the later mining tasks have (coordinator/mine_task_size.h).
  [[nodiscard]] std::filesystem::path mining_task_size() const {
    return tasks(Stage::kMine) / "task_targets.txt";
  }
  // Where the training of a launch asks its miners for tables (remine.workers).
  [[nodiscard]] std::filesystem::path exchange(const std::string& launch) const {
    return root_ / "remine" / launch;
  }
  // The folder of all embeddings, and the one that this job makes, named after the model that
  // encodes.
  [[nodiscard]] std::filesystem::path all_embeddings() const { return root_ / "embeddings"; }
  [[nodiscard]] std::filesystem::path embeddings(const config::RunConfig& config) const;
  // What is mined: the job's own embeddings, or ready ones (encoder.source: npy).
  [[nodiscard]] std::filesystem::path image_embeddings(const config::RunConfig& config) const;
  [[nodiscard]] std::filesystem::path text_embeddings(const config::RunConfig& config) const;
  // WORK/checkpoints for one training, a folder per seed for several.
  [[nodiscard]] std::filesystem::path checkpoints(const config::TrainConfig& train,
                                                  std::uint64_t seed) const;
  // Where training puts the tables that it mines itself, 2, 3, …: beside the first, or a folder per
  // seed for several.
  [[nodiscard]] std::filesystem::path remined(const config::TrainConfig& train,
                                              std::uint64_t seed) const;
  // WORK/model for the first seed, WORK/model-seed-<n> for the others.
  [[nodiscard]] std::filesystem::path model(const config::TrainConfig& train,
                                            std::uint64_t seed) const;
  [[nodiscard]] std::filesystem::path feature_cache(const config::EncoderConfig& encoder) const;

 private:
  std::filesystem::path root_;
};

// Returns model.name, else the last part of model.architecture without .json; only letters, digits,
// '.', '_' and '-'.
std::string model_name(const config::ModelConfig& model);

}  // namespace helip::jobs
