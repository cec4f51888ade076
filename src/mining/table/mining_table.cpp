// From mined rows to a hard-pair table: the cut into tasks, the merge, and both in one process.
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"
#include "mining/mining_job.h"
#include "mining/table/build_provenance.h"
#include "mining/table/hub_cap.h"
#include "mining/table/task_results.h"
#include "store/safetensors.h"

namespace helip::mining {
namespace {

std::uint64_t candidates_of(std::uint64_t pairs, const config::MiningConfig& config) {
  return config.method == config::MiningMethod::kFast ? std::min(config.pool_size, pairs) : pairs;
}

store::HardPairManifest manifest_of(std::uint64_t pairs, const config::MiningConfig& config,
                                    int version, const TableProvenance& provenance) {
  store::HardPairManifest manifest;
  manifest.version = version;
  manifest.corpus_fingerprint = provenance.corpus_fingerprint;
  manifest.config_digest = provenance.config_digest;
  manifest.embeddings_digest = provenance.embeddings_digest;
  manifest.method = config::name_of(config.method);
  manifest.pairs = pairs;
  manifest.hard_pairs_per_target = config.hard_pairs_per_target;
  manifest.pool_size = candidates_of(pairs, config);
  manifest.recall = provenance.recall.recall;
  manifest.recall_targets = provenance.recall.targets;
  manifest.image_floor = config.image_floor;
  manifest.text_floor = config.text_floor;
  manifest.duplicate_ceiling = config.duplicate_ceiling;
  manifest.metric = config::name_of(config.metric);
  manifest.min_score = config.min_score;
  manifest.max_score = config.max_score;
  manifest.absolute_margin = config.absolute_margin;
  manifest.relative_margin = config.relative_margin;
  manifest.hub_cap = config.hub_cap;
  manifest.per_group = config.per_group;
  manifest.seed = config.seed;
  manifest.cpu_model = cpu_model();
  manifest.build = build_id();
  return manifest;
}

std::string text_of(const std::vector<std::uint64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += cat(i == 0 ? "" : ", ", shape[i]);
  return text + "]";
}

// A result's tensor, if it is of the task it is taken for.
template <typename T>
std::span<const T> rows_of(const store::SafetensorsFile& file, const TaskResult& result,
                           const std::string& name, const std::string& dtype,
                           const std::vector<std::uint64_t>& expected) {
  const std::vector<std::uint64_t>& shape = file.tensor(name, dtype).shape;
  const auto first = file.metadata().find("first");
  if (shape != expected || first == file.metadata().end() ||
      first->second != cat(result.range.first)) {
    throw StoreError({.what = "the mining result is of another task",
                      .where = result.file.string() + ": " + name,
                      .expected = cat(text_of(expected), " from ", result.range.first),
                      .found = cat(text_of(shape), " from ",
                                   first == file.metadata().end() ? "?" : first->second)});
  }
  return file.values<T>(name, dtype);
}

// Rows as they were mined, [n, K], of targets from `first` on.
struct MinedRows {
  std::uint64_t first = 0;
  std::span<const std::uint32_t> indices;
  std::span<const float> scores;
  std::span<const std::uint32_t> filled;
};

MinedRows read_rows(const store::SafetensorsFile& file, const TaskResult& result,
                    std::uint64_t pairs, std::uint32_t k) {
  const std::uint64_t n = result.range.count;
  const MinedRows rows{result.range.first,
                       rows_of<std::uint32_t>(file, result, "indices", "U32", {n, k}),
                       rows_of<float>(file, result, "scores", "F32", {n, k}),
                       rows_of<std::uint32_t>(file, result, "filled", "U32", {n})};
  for (const std::uint32_t id : rows.indices) {
    if (id >= pairs && id != kNoPair) {
      throw StoreError({.what = "the mining result names a pair that is not in the corpus",
                        .where = result.file.string(),
                        .expected = cat("ids below ", pairs),
                        .found = cat(id)});
    }
  }
  return rows;
}

// From mined rows to those of the table. With a hub cap all rows are counted before any is written.
class RowWriter {
 public:
  RowWriter(std::uint64_t pairs, const config::MiningConfig& config, int version,
            const TableProvenance& provenance, const std::filesystem::path& table_folder)
      : k_(config.hard_pairs_per_target),
        mined_(mined_per_target(pairs, config)),
        writer_(table_folder, manifest_of(pairs, config, version, provenance)) {
    if (config.hub_cap > 0) cap_.emplace(pairs, config.hub_cap);
  }

  [[nodiscard]] bool capped() const { return cap_.has_value(); }
  void count(const MinedRows& rows) { cap_->count(rows.first, mined_, rows.indices, rows.scores); }
  void write(const MinedRows& rows) {
    // Outliers are decided before the filters and the caps.
    std::vector<std::uint8_t> suitable;
    for (const std::uint32_t filled : rows.filled) suitable.push_back(filled >= k_ ? 1 : 0);
    if (!cap_) {
      writer_.rows(rows.indices, rows.scores, suitable);
      return;
    }
    std::vector<std::uint32_t> indices(suitable.size() * k_);
    std::vector<float> scores(indices.size());
    cap_->apply(rows.first, mined_, rows.indices, rows.scores, k_, indices, scores);
    writer_.rows(indices, scores, suitable);
  }
  store::HardPairManifest publish() { return writer_.publish(); }

 private:
  std::uint32_t k_, mined_;
  std::optional<HubCap> cap_;
  store::HardPairTableWriter writer_;
};

}  // namespace

void check_mining(std::uint64_t pairs, const config::MiningConfig& config) {
  const bool fast = config.method == config::MiningMethod::kFast;
  const std::uint64_t candidates = candidates_of(pairs, config);
  if (config.hard_pairs_per_target >= 1 && config.hard_pairs_per_target < candidates) return;
  const std::string among =
      cat(fast ? "a pool of " : "a corpus of ", candidates, candidates == 1 ? " pair" : " pairs");
  if (candidates < 2) {
    throw ConfigError({.what = "no pair has another one to be mined",
                       .where = fast && pairs >= 2 ? "mining.pool_size" : "the corpus",
                       .expected = "2 pairs or more",
                       .found = among});
  }
  throw ConfigError({.what = "more hard pairs per target than there are candidates",
                     .where = "mining.hard_pairs_per_target",
                     .expected = cat("1 to ", candidates - 1, " (", among, ")"),
                     .found = cat(config.hard_pairs_per_target)});
}

std::uint32_t mined_per_target(std::uint64_t pairs, const config::MiningConfig& config) {
  if (config.hub_cap == 0) return config.hard_pairs_per_target;
  return static_cast<std::uint32_t>(
      std::min(2 * std::uint64_t{config.hard_pairs_per_target}, candidates_of(pairs, config) - 1));
}

std::vector<TargetRange> mining_tasks(std::uint64_t pairs, const config::MiningConfig& config,
                                      std::uint64_t first, std::uint64_t targets) {
  if (pairs > 0) check_mining(pairs, config);
  std::vector<TargetRange> tasks;
  for (; first < pairs; first += tasks.back().count) {
    std::uint64_t count = std::min(targets, pairs - first);
    if (config.method == config::MiningMethod::kFast) {
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
  const std::uint32_t mined = mined_per_target(pairs, config);
  const std::vector<TaskResult> ordered = in_order(results, pairs, "mining");
  RowWriter writer(pairs, config, version, provenance, table_folder);
  const auto for_each_result = [&](const auto& visit) {
    for (const TaskResult& result : ordered) {
      const store::SafetensorsFile file = store::SafetensorsFile::open(result.file);
      visit(read_rows(file, result, pairs, mined));
    }
  };
  if (writer.capped()) for_each_result([&](const MinedRows& rows) { writer.count(rows); });
  for_each_result([&](const MinedRows& rows) { writer.write(rows); });
  writer.publish();
}

store::HardPairManifest mine_table(const MiningSession& session, const config::MiningConfig& config,
                                   int version, const TableProvenance& provenance,
                                   const std::filesystem::path& table_folder,
                                   const Progress& progress) {
  struct Block {
    std::uint64_t first;
    std::vector<std::uint32_t> indices;
    std::vector<float> scores;
    std::vector<std::uint32_t> filled;
    [[nodiscard]] MinedRows rows() const { return {first, indices, scores, filled}; }
  };
  const std::uint64_t pairs = session.pairs();
  const std::uint64_t k = session.slots();
  RowWriter writer(pairs, config, version, provenance, table_folder);
  std::vector<Block> counted;
  // Large blocks, in which the targets of an index's list are many; their rows take little memory.
  constexpr std::uint64_t kTargetsAtOnce = 65536;
  for (const TargetRange& task : mining_tasks(pairs, config, 0, kTargetsAtOnce)) {
    Block block{task.first, std::vector<std::uint32_t>(task.count * k),
                std::vector<float>(task.count * k), std::vector<std::uint32_t>(task.count)};
    session.mine(task.first, task.count, block.indices, block.scores, block.filled,
                 [&](std::uint64_t done, std::uint64_t /*total*/) {
                   if (progress) progress(task.first + done, pairs);
                 });
    if (writer.capped()) {
      writer.count(block.rows());
      counted.push_back(std::move(block));
    } else {
      writer.write(block.rows());
    }
  }
  for (const Block& block : counted) writer.write(block.rows());
  return writer.publish();
}

}  // namespace helip::mining
