#include "jobs/mine.h"

#include "common/clock.h"
#include "common/publish.h"
#include "common/text.h"
#include "jobs/result_file.h"
#include "worker/stages/merge_inputs.h"
#include "worker/stages/mining_parts.h"
#include "worker/stages/stages.h"

namespace helip::worker {
namespace {

namespace fs = std::filesystem;

TaskOutcome mine_range(Workbench& bench, const jobs::Task& task, const fs::path& partial,
                       const TaskHooks& hooks) {
  const auto range = jobs::body_of<jobs::MineTask>(task);
  const mining::MiningSession& miner = bench.miner(task.corpus, range.embeddings_digest);
  TaskOutcome outcome = outcome_of(jobs::MineResult{.targets = range.count});
  const double began = monotonic_seconds();
  outcome.sha256 = miner.mine_to_file(range.first, range.count, partial,
                                      jobs::result_metadata(task, outcome.result), hooks.progress);
  outcome.rate = static_cast<double>(range.count) / (monotonic_seconds() - began);
  return outcome;
}

// Gives `built` the name of `folder`, if the lease is still held, and removes what attempts that
// died have left beside it.
void replace_folder(const fs::path& built, const fs::path& folder, const TaskHooks& hooks) {
  const fs::path former = built.string() + ".former";
  try {
    hooks.check_lease();
  } catch (...) {
    fs::remove_all(built);
    throw;
  }
  if (fs::exists(folder)) fs::rename(folder, former);
  publish_folder(built, folder);
  const std::string siblings = folder.filename().string() + ".";
  for (const auto& entry : fs::directory_iterator(folder.parent_path())) {
    if (entry.path().filename().string().starts_with(siblings)) fs::remove_all(entry.path());
  }
}

TaskOutcome merge_mined(Workbench& bench, const jobs::Task& task, const fs::path& partial,
                        const TaskHooks& hooks) {
  const auto merge = jobs::body_of<jobs::MergeMinedTask>(task);
  const config::MiningConfig& config = bench.config().mining;
  const mining::TableProvenance provenance =
      provenance_of(task, config, merge.embeddings_digest,
                    [&] { return bench.miner(task.corpus, merge.embeddings_digest).recall(); });
  const fs::path folder = bench.work_dir().first_table();
  hooks.check_lease();
  // Built beside the table that a former attempt may have left, under a name with this attempt's
  // fence, which the partial's name has.
  const fs::path built = cat(folder.string(), ".", partial.stem().string());
  fs::remove_all(built);
  mining::merge_into_table(range_results(bench.work_dir(), task), task.corpus.pairs, config, 1,
                           provenance, built);
  replace_folder(built, folder, hooks);
  return outcome_of(jobs::MergeMinedResult{.pairs = task.corpus.pairs,
                                           .hard_pairs_per_target = config.hard_pairs_per_target});
}

}  // namespace

TaskOutcome run_mine(Workbench& bench, const jobs::Task& task, const fs::path& partial,
                     const TaskHooks& hooks) {
  return task.kind == jobs::kMerge ? merge_mined(bench, task, partial, hooks)
                                   : mine_range(bench, task, partial, hooks);
}

}  // namespace helip::worker
