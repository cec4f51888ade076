// From mined rows to a hard-pair table: the cut into tasks, the merge, and both in one process.
#include <algorithm>

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"
#include "mining/build_provenance.h"
#include "mining/mining_job.h"
#include "mining/task_results.h"
#include "store/safetensors.h"

namespace helip::mining {
namespace {

store::HardPairManifest manifest_of(std::uint64_t pairs, const config::MiningConfig& config,
                                    int version, const TableProvenance& provenance) {
  store::HardPairManifest manifest;
  manifest.version = version;
  manifest.corpus_fingerprint = provenance.corpus_fingerprint;
  manifest.config_digest = provenance.config_digest;
  manifest.embeddings_digest = provenance.embeddings_digest;
  manifest.method = config.method;
  manifest.pairs = pairs;
  manifest.hard_pairs_per_target = config.hard_pairs_per_target;
  manifest.pool_size = config.method == "fast" ? std::min(config.pool_size, pairs) : pairs;
  manifest.recall = provenance.recall.recall;
  manifest.recall_targets = provenance.recall.targets;
  manifest.image_floor = config.image_floor;
  manifest.text_floor = config.text_floor;
  manifest.duplicate_ceiling = config.duplicate_ceiling;
  manifest.seed = config.seed;
  manifest.cpu_model = cpu_model();
  manifest.build = build_id();
  return manifest;
}

// A result's tensor, if it is of the task it is taken for.
template <typename T>
std::span<const T> rows_of(const store::SafetensorsFile& file, const TaskResult& result,
                           const std::string& name, const std::string& dtype, std::uint32_t k) {
  const std::vector<std::uint64_t>& shape = file.tensor(name, dtype).shape;
  const auto first = file.metadata().find("first");
  if (shape != std::vector<std::uint64_t>{result.range.count, k} ||
      first == file.metadata().end() || first->second != cat(result.range.first)) {
    throw StoreError(
        {.what = "the mining result is of another task",
         .where = result.file.string() + ": " + name,
         .expected = cat("[", result.range.count, ", ", k, "] from ", result.range.first),
         .found = cat("[", shape.empty() ? 0 : shape[0], ", ", shape.size() < 2 ? 0 : shape[1],
                      "] from ", first == file.metadata().end() ? "?" : first->second)});
  }
  return file.values<T>(name, dtype);
}

}  // namespace

void check_mining(std::uint64_t pairs, const config::MiningConfig& config) {
  const bool fast = config.method == "fast";
  const std::uint64_t candidates = fast ? std::min(config.pool_size, pairs) : pairs;
  if (config.hard_pairs_per_target >= 1 && config.hard_pairs_per_target < candidates) return;
  throw ConfigError({.what = "more hard pairs per target than there are candidates",
                     .where = "mining.hard_pairs_per_target",
                     .expected = cat("1 to ", candidates == 0 ? 0 : candidates - 1, " (",
                                     fast ? "a pool of " : "a corpus of ", candidates, " pairs)"),
                     .found = cat(config.hard_pairs_per_target)});
}

std::vector<TargetRange> mining_tasks(std::uint64_t pairs, const config::MiningConfig& config) {
  if (pairs > 0) check_mining(pairs, config);
  std::vector<TargetRange> tasks;
  for (std::uint64_t first = 0; first < pairs; first += tasks.back().count) {
    std::uint64_t count = std::min<std::uint64_t>(config.task_targets, pairs - first);
    if (config.method == "fast") {
      count = std::min(count, config.pool_refresh_targets - first % config.pool_refresh_targets);
    }
    tasks.push_back({first, count});
  }
  return tasks;
}

void merge_into_table(const std::vector<TaskResult>& results, std::uint64_t pairs,
                      const config::MiningConfig& config, int version,
                      const TableProvenance& provenance,
                      const std::filesystem::path& table_folder) {
  const std::uint32_t k = config.hard_pairs_per_target;
  const std::vector<TaskResult> ordered = in_order(results, pairs, "mining");
  store::HardPairTableWriter writer(table_folder, manifest_of(pairs, config, version, provenance));
  for (const TaskResult& result : ordered) {
    const store::SafetensorsFile file = store::SafetensorsFile::open(result.file);
    const auto indices = rows_of<std::uint32_t>(file, result, "indices", "U32", k);
    const auto scores = rows_of<float>(file, result, "scores", "F32", k);
    for (const std::uint32_t id : indices) {
      if (id >= pairs && id != kNoPair) {
        throw StoreError({.what = "the mining result names a pair that is not in the corpus",
                          .where = result.file.string(),
                          .expected = cat("ids below ", pairs),
                          .found = cat(id)});
      }
    }
    writer.rows(indices, scores);
  }
  writer.publish();
}

store::HardPairManifest mine_table(const MiningSession& session, const config::MiningConfig& config,
                                   int version, const TableProvenance& provenance,
                                   const std::filesystem::path& table_folder,
                                   const Progress& progress) {
  const std::uint64_t pairs = session.pairs();
  const std::uint32_t k = config.hard_pairs_per_target;
  store::HardPairTableWriter writer(table_folder, manifest_of(pairs, config, version, provenance));
  for (const TargetRange& task : mining_tasks(pairs, config)) {
    std::vector<std::uint32_t> indices(task.count * k);
    std::vector<float> scores(task.count * k);
    session.mine(task.first, task.count, indices, scores,
                 [&](std::uint64_t done, std::uint64_t /*total*/) {
                   if (progress) progress(task.first + done, pairs);
                 });
    writer.rows(indices, scores);
  }
  return writer.publish();
}

}  // namespace helip::mining
