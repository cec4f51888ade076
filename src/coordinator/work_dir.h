// Where things lie in a work directory. The one place that knows; workers get paths with their
// tasks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "config/fields.h"
#include "rpc/stage.h"

namespace helip::coordinator {

class WorkDir {
 public:
  // Absolute; the folder need not exist.
  explicit WorkDir(const std::filesystem::path& root);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path config() const { return root_ / "config.yaml"; }
  [[nodiscard]] std::filesystem::path database() const {
    return root_ / "coordinator" / "state.db";
  }
  [[nodiscard]] std::filesystem::path address() const { return root_ / "coordinator" / "address"; }
  [[nodiscard]] std::filesystem::path status() const { return root_ / "status.json"; }
  [[nodiscard]] std::filesystem::path logs() const { return root_ / "logs"; }
  [[nodiscard]] std::filesystem::path corpus() const { return root_ / "corpus"; }
  [[nodiscard]] std::filesystem::path features() const { return root_ / "features"; }
  [[nodiscard]] std::filesystem::path hard_pairs() const { return root_ / "hard_pairs" / "1"; }
  [[nodiscard]] std::filesystem::path metrics() const { return root_ / "metrics.jsonl"; }
  // TensorBoard's: WORK/tensorboard for one training, a folder per seed for several.
  [[nodiscard]] std::filesystem::path events(const config::TrainConfig& train,
                                             std::uint64_t seed) const;
  [[nodiscard]] std::filesystem::path results() const { return root_ / "results.json"; }
  [[nodiscard]] std::filesystem::path report() const { return root_ / "report" / "index.html"; }
  [[nodiscard]] std::filesystem::path tasks(rpc::Stage stage) const;
  // How many targets the later mining tasks have (mining_cut.h).
  [[nodiscard]] std::filesystem::path mining_task_size() const {
    return tasks(rpc::Stage::kMine) / "task_targets.txt";
  }
  // Named after the model that encodes.
  [[nodiscard]] std::filesystem::path embeddings(const config::RunConfig& config) const;
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

  // Throws ConfigError if config.yaml here is of a job whose trained model another value
  // determines, naming the first such key. Returns nothing where no job has begun.
  void expect_same_training(const std::string& config_yaml) const;
  // Makes the folder and writes config.yaml. Throws ConfigError if the folder holds a job whose
  // trained model another configuration determines; keys of other roles (config/fields.h) may
  // differ. `stored_digest`: the ledger's training digest; empty if there is none.
  void claim(const std::string& config_yaml, const std::string& training_digest,
             const std::string& stored_digest) const;

  // The coordinator's address, host:port; readable by the owner alone.
  void publish_address(const std::string& address) const;
  void remove_address() const noexcept;

 private:
  std::filesystem::path root_;
};

// model.name, else the last part of model.architecture without .json; only letters, digits, '.',
// '_' and '-'.
std::string model_name(const config::ModelConfig& model);

struct ConfigDifference {
  std::string key;            // section.key
  std::string stored, given;  // in words: a value, "a list", or "nothing"
};

// The first key of this role that differs between two resolved configurations.
std::optional<ConfigDifference> first_difference(const std::string& stored_yaml,
                                                 const std::string& yaml, config::Role role);

}  // namespace helip::coordinator
