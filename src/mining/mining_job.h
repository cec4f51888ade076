// Mining as a job: plain values in, a file and a report out. Without LibTorch. Sessions are in
// mining_session.cpp, devices in mining_device.cpp, cuts and tables in table/mining_table.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/index_range.h"
#include "config/run_config.h"
#include "store/hard_pair_table.h"

namespace helip::mining {

// What a mining task works on; opened once per worker, used for all its tasks.
struct MiningInput {
  // clip-retrieval folder (WORK/embeddings/<model>, or its img_emb / text_emb) or .npy.
  std::filesystem::path image_embeddings;
  std::filesystem::path text_embeddings;
  // Folder with image_group.npy and caption_group.npy; empty: no duplicates are known.
  std::filesystem::path duplicate_groups;
  // Folder with quarantine.npy; empty: nothing is quarantined.
  std::filesystem::path quarantine;
};

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Targets [first, first + count).
using TargetRange = IndexRange;

// Where a rank mines.
struct MiningDevice {
  std::string name = "cpu";  // or "cuda:I"
  // Falls to the CPU, with a warning, if the GPU cannot be opened: want of memory, say.
  bool or_cpu = false;
};

// What was measured of an approximate miner; the defaults are those of an exact one.
struct RecallReport {
  double recall = 1;
  std::uint32_t targets = 0;
};

// Targets that a run's recall is measured on.
inline constexpr std::uint32_t kRecallTargets = 2000;

// Embeddings and groups in memory; mines ranges of targets. Immutable; safe from many threads.
class MiningSession {
 public:
  // Throws StoreError / DataError if the inputs do not fit each other, ConfigError if k > C - 1 or
  // if margins are asked for and image and text embeddings differ in width.
  // `table_version` is that of the table to be made: it chooses the FastHPM pools. `device` is what
  // mining_device gave; Error if it is a GPU that cannot be opened, unless the CPU may step in.
  MiningSession(const MiningInput& input, const config::MiningConfig& config, std::uint32_t threads,
                int table_version = 1, const MiningDevice& device = {});
  ~MiningSession();
  MiningSession(const MiningSession&) = delete;
  MiningSession& operator=(const MiningSession&) = delete;

  [[nodiscard]] std::uint64_t pairs() const;
  // What is mined on: "cpu" or "cuda:I".
  [[nodiscard]] const std::string& device() const;
  // Returns R, the slots of a mined row: mined_per_target of the configuration.
  [[nodiscard]] std::uint32_t slots() const;
  // Hard pairs of a range of targets into indices and scores, [count, R] row-major. filled [count]:
  // how many slots are filled before the optional filters. `progress` (may be empty) is called from
  // one thread at a time.
  void mine(std::uint64_t first, std::uint64_t count, std::span<std::uint32_t> indices,
            std::span<float> scores, std::span<std::uint32_t> filled,
            const Progress& progress) const;
  // As PairMiner::compared: the cost, N² for all by exact HPM.
  [[nodiscard]] std::uint64_t compared() const;
  // Recall of this session's miner against exact HPM on up to kRecallTargets random targets, which
  // follow from mining.seed; none of them helped to tune the index. An exact miner is not measured.
  [[nodiscard]] RecallReport recall() const;
  // What mine() gives, published as a task result: safetensors with `indices` U32 [n,R], `scores`
  // F32 [n,R], `filled` U32 [n] and metadata, to which "first" and "count" are added. Returns the
  // file's sha256.
  std::string mine_to_file(std::uint64_t first, std::uint64_t count,
                           const std::filesystem::path& result,
                           const std::map<std::string, std::string>& metadata,
                           const Progress& progress) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Where a rank mines, as launcher.device (auto | cpu | cuda) asks for. Only exact mining without
// margins has a GPU's screen: other methods mine on the CPU whatever is asked for, and margins
// where nothing but auto is. Logs why it is the CPU where that was not asked for. Throws
// ConfigError where `cuda` finds no GPU.
MiningDevice mining_device(config::DeviceChoice asked, std::uint32_t local_rank,
                           const config::MiningConfig& config);

// Throws ConfigError if a target has no more candidates than k: k > C - 1.
void check_mining(std::uint64_t pairs, const config::MiningConfig& config);

// Returns R, the slots of a row as it is mined: K, the slots of a row of the table, or with a hub
// cap 2K, from which the rows refill, but not more than a target has candidates.
std::uint32_t mined_per_target(std::uint64_t pairs, const config::MiningConfig& config);

// Cuts [first, pairs) into task ranges of at most `targets` that never cross a FastHPM pool's
// boundary. Throws as check_mining.
std::vector<TargetRange> mining_tasks(std::uint64_t pairs, const config::MiningConfig& config,
                                      std::uint64_t first, std::uint64_t targets);

// The file of one finished task, of mining or encoding.
struct TaskResult {
  TargetRange range;
  std::filesystem::path file;
};

// Where a table's embeddings come from (all but recall are empty for bare .npy), and how good it
// is.
struct TableProvenance {
  std::string corpus_fingerprint;
  std::string config_digest;
  std::string embeddings_digest;
  RecallReport recall{};
};

// Joins task results (in any order) into a hard-pair table, with the hub cap applied. Throws
// StoreError if a range is missing or there twice, or a result does not fit.
void merge_into_table(const std::vector<TaskResult>& results, std::uint64_t pairs,
                      const config::MiningConfig& config, int version,
                      const TableProvenance& provenance, const std::filesystem::path& table_folder);

// The whole of mining in this process: all targets of a session into a table. Equal to tasks and
// merge, to the byte. With a hub cap all mined rows are held in memory, 8 bytes a slot.
store::HardPairManifest mine_table(const MiningSession& session, const config::MiningConfig& config,
                                   int version, const TableProvenance& provenance,
                                   const std::filesystem::path& table_folder,
                                   const Progress& progress);

}  // namespace helip::mining
