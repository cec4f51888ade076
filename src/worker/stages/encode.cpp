#include "jobs/encode.h"

#include "data/corpus/reason_count.h"
#include "jobs/result_file.h"
#include "mining/encode/merge_embeddings.h"
#include "mining/encode/ready_rows.h"
#include "mining/pairs/embedding_files.h"
#include "worker/stages/merge_inputs.h"
#include "worker/stages/stages.h"

namespace helip::worker {
namespace {

TaskOutcome encode_range(Workbench& bench, const jobs::Task& task,
                         const std::filesystem::path& partial, const TaskHooks& hooks) {
  const auto range = jobs::body_of<jobs::EncodeTask>(task);
  mining::EncodeSession& session = bench.encoder(task.corpus);
  TaskOutcome outcome;
  const auto metadata = [&](const mining::EncodeReport& report) {
    outcome = outcome_of(
        jobs::EncodeResult{.samples = report.samples, .quarantined = report.quarantined});
    return jobs::result_metadata(task, outcome.result);
  };
  outcome.sha256 =
      session.encode(range.first, range.count, partial, metadata, hooks.progress).sha256;
  return outcome;
}

TaskOutcome merge_encoded(const Workbench& bench, const jobs::Task& task, const TaskHooks& hooks) {
  const auto merge = jobs::body_of<jobs::MergeEncodedTask>(task);
  const config::RunConfig& config = bench.config();
  const jobs::WorkDir& work_dir = bench.work_dir();
  const bool ready = config.encoder.source == config::EncoderSource::kNpy;
  mining::EncodeOutput output;
  if (mining::encode_config(config).embeds && !ready)
    output.embeddings = work_dir.embeddings(config);
  output.quarantine = work_dir.corpus();
  if (merge.image_features || merge.text_features) output.features = work_dir.features();
  const std::uint64_t pairs = task.corpus.pairs;
  mining::EncodeSummary merged =
      mining::merge_embeddings(range_results(work_dir, task), pairs, output, hooks.progress);
  data::refuse_too_many(pairs, config.corpus.max_quarantined, task.corpus.folder,
                        work_dir.quarantine());
  if (ready) {
    const mining::ReadyRows embeddings = mining::ready_embeddings(config.encoder);
    merged.image_dim = embeddings.image_dim();
    merged.embeddings_digest =
        mining::embeddings_digest(config.encoder.image_embeddings, config.encoder.text_embeddings);
  }
  return outcome_of(jobs::MergeEncodedResult{.image_dim = merged.image_dim,
                                             .quarantined = merged.quarantined,
                                             .embeddings_digest = merged.embeddings_digest,
                                             .features_digest = merged.features_digest});
}

}  // namespace

TaskOutcome run_encode(Workbench& bench, const jobs::Task& task,
                       const std::filesystem::path& partial, const TaskHooks& hooks) {
  return task.kind == jobs::kMerge ? merge_encoded(bench, task, hooks)
                                   : encode_range(bench, task, partial, hooks);
}

}  // namespace helip::worker
