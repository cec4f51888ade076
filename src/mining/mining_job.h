// Mining as a job: plain values in, a file and a report out. Without LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/run_config.h"

namespace helip::mining {

// What a mining task works on; opened once per worker, used for all its tasks.
struct MiningInput {
  std::filesystem::path image_embeddings;  // clip-retrieval folder or .npy
  std::filesystem::path text_embeddings;
  std::filesystem::path
      duplicate_groups;  // folder with image_group.npy and caption_group.npy; empty: none
  std::filesystem::path quarantine;  // folder with quarantine.npy; empty: none
};

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Embeddings and groups in memory; mines ranges of targets. Immutable; safe from many threads.
class MiningSession {
 public:
  // Throws StoreError / DataError if the inputs do not fit each other, ConfigError if k > C - 1.
  MiningSession(const MiningInput& input, const config::MiningConfig& config,
                std::uint32_t threads);
  ~MiningSession();
  MiningSession(const MiningSession&) = delete;
  MiningSession& operator=(const MiningSession&) = delete;

  [[nodiscard]] std::uint64_t pairs() const;
  // Hard pairs of targets [first, first + count) into indices and scores, [count, K] row-major.
  void mine(std::uint64_t first, std::uint64_t count, std::span<std::uint32_t> indices,
            std::span<float> scores, const Progress& progress) const;
  // The same, published as a task result: safetensors with `indices` U32 [n,K], `scores` F32 [n,K]
  // and metadata. Returns the file's sha256.
  std::string mine_to_file(std::uint64_t first, std::uint64_t count,
                           const std::filesystem::path& result,
                           const std::map<std::string, std::string>& metadata,
                           const Progress& progress) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Cuts [0, pairs) into task ranges of at most task_targets that never cross a FastHPM pool's
// boundary.
struct TargetRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};
std::vector<TargetRange> mining_tasks(std::uint64_t pairs, const config::MiningConfig& config);

// Joins task results (in the order of their ranges) into a hard-pair table. Throws StoreError if a
// range is missing.
struct TaskResult {
  TargetRange range;
  std::filesystem::path file;
};
struct TableProvenance {
  std::string corpus_fingerprint;
  std::string config_digest;
  std::string embeddings_digest;
};
void merge_into_table(const std::vector<TaskResult>& results, std::uint64_t pairs,
                      const config::MiningConfig& config, int version,
                      const TableProvenance& provenance, const std::filesystem::path& table_folder);

}  // namespace helip::mining
