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

// The input of mining tasks. A worker opens it once and uses it for all its tasks.
struct MiningInput {
  // Clip-retrieval folder (WORK/embeddings/<model>, or its img_emb / text_emb) or .npy.
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

// The device on which a rank mines.
struct MiningDevice {
  std::string name = "cpu";  // or "cuda:I"
  // True: the CPU mines instead, with a warning, if the GPU cannot be opened, for example for want
  // of memory.
  bool or_cpu = false;
};

// The measured recall of an approximate miner. The defaults are those of an exact one.
struct RecallReport {
  double recall = 1;
  std::uint32_t targets = 0;  // on which it was measured
};

// The most targets that a run's recall is measured on.
inline constexpr std::uint32_t kRecallTargets = 2000;

// The embeddings and groups of a corpus, with a miner for ranges of targets. Immutable; safe from
// many threads. The constructor or mine() throws ConfigError if the miner's screen runs on the CPU
// and this machine cannot run mining.instruction_set.
class MiningSession {
 public:
  // Opens the input and makes the miner. `table_version` is the number of the table to be made: it
  // chooses the FastHPM pools. `device` is what mining_device returned. Throws StoreError or
  // DataError if the inputs do not fit each other; ConfigError if K is not 1 to C - 1, or if
  // margins are set and image and text embeddings differ in width; Error if the device is a GPU
  // that cannot be opened and device.or_cpu is false.
  MiningSession(const MiningInput& input, const config::MiningConfig& config, std::uint32_t threads,
                int table_version = 1, const MiningDevice& device = {});
  ~MiningSession();
  MiningSession(const MiningSession&) = delete;
  MiningSession& operator=(const MiningSession&) = delete;

  [[nodiscard]] std::uint64_t pairs() const;
  // Returns the device that the session mines on: "cpu" or "cuda:I".
  [[nodiscard]] const std::string& device() const;
  // Returns R, the slots of a mined row: mined_per_target of the configuration.
  [[nodiscard]] std::uint32_t slots() const;
  // Writes the hard pairs of a range of targets to `indices` and `scores`, [count, R] row-major,
  // hardest first; empty slots get kNoPair and 0. Writes to `filled`, [count], how many slots of
  // each target are filled before the optional filters. `progress` (may be empty) is called from
  // one thread at a time. Throws DataError if the range or the size of a span does not fit.
  void mine(std::uint64_t first, std::uint64_t count, std::span<std::uint32_t> indices,
            std::span<float> scores, std::span<std::uint32_t> filled,
            const Progress& progress) const;
  // Returns the cost so far, PairMiner::compared: N² when exact HPM has mined all targets.
  [[nodiscard]] std::uint64_t compared() const;
  // Returns the recall of this session's miner against exact HPM, in the K slots of the table, on
  // up to kRecallTargets random targets. They follow from mining.seed; none of them helped to tune
  // the index. Mining them adds to compared(). Returns a recall of 1 for exact mining, unmeasured.
  [[nodiscard]] RecallReport recall() const;
  // Mines a range and publishes it as a task result: safetensors with `indices` U32 [n,R], `scores`
  // F32 [n,R], `filled` U32 [n] and `metadata`, to which "first" and "count" are added. Returns the
  // file's sha256. Throws as mine() does, and StoreError if the file cannot be written.
  std::string mine_to_file(std::uint64_t first, std::uint64_t count,
                           const std::filesystem::path& result,
                           const std::map<std::string, std::string>& metadata,
                           const Progress& progress) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Returns the device on which a rank mines, given launcher.device (auto | cpu | cuda). Only exact
// mining without margins has a GPU's screen. Other methods mine on the CPU whatever is asked for.
// With margins, auto gives the CPU; cuda gives a GPU, which MiningSession refuses. Logs why the CPU
// is taken if it was not asked for, except for auto in a build without CUDA. Throws ConfigError if
// exact mining asks for cuda and there is no usable GPU.
MiningDevice mining_device(config::DeviceChoice asked, std::uint32_t local_rank,
                           const config::MiningConfig& config);

// Throws ConfigError unless 1 <= K <= C - 1: a target may be one of the C candidates. C is N for
// all methods but FastHPM.
void check_mining(std::uint64_t pairs, const config::MiningConfig& config);

// Returns R, the slots of a mined row: K, the slots of a table's row, without a hub cap. With a hub
// cap min(2K, C - 1), so that rows can be refilled from the surplus.
std::uint32_t mined_per_target(std::uint64_t pairs, const config::MiningConfig& config);

// Returns the ranges into which tasks cut [first, pairs): each of at most `targets` (>= 1) targets
// and within one FastHPM pool. Throws as check_mining does, unless `pairs` is 0.
std::vector<TargetRange> mining_tasks(std::uint64_t pairs, const config::MiningConfig& config,
                                      std::uint64_t first, std::uint64_t targets);

// The result file of one finished task of mining or encoding.
struct TaskResult {
  TargetRange range;
  std::filesystem::path file;
};

// Where a table's embeddings come from, and how good it is. corpus_fingerprint is empty for bare
// .npy, config_digest for `helip mine`.
struct TableProvenance {
  std::string corpus_fingerprint;
  std::string config_digest;
  std::string embeddings_digest;
  RecallReport recall{};
};

// Joins task results (in any order) into a hard-pair table, applies the hub cap and publishes the
// table's folder. Throws StoreError if a range is missing or there twice, a result does not fit, or
// the folder exists.
void merge_into_table(const std::vector<TaskResult>& results, std::uint64_t pairs,
                      const config::MiningConfig& config, int version,
                      const TableProvenance& provenance, const std::filesystem::path& table_folder);

// Mines all targets of a session in this process, publishes the table and returns its manifest. The
// files equal those of tasks and merge_into_table, to the byte. With a hub cap all mined rows are
// held in memory, 8 bytes a slot. `progress` may be empty. Throws as check_mining, mine() and
// merge_into_table do.
store::HardPairManifest mine_table(const MiningSession& session, const config::MiningConfig& config,
                                   int version, const TableProvenance& provenance,
                                   const std::filesystem::path& table_folder,
                                   const Progress& progress);

}  // namespace helip::mining
