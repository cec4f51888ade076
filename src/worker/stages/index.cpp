#include "jobs/index.h"

#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/corpus/corpus.h"
#include "data/corpus/manifest.h"
#include "data/corpus/reason_count.h"
#include "data/import/open_or_index.h"
#include "mining/encode/job_digest.h"
#include "model/files/model_files.h"
#include "worker/stages/stages.h"

namespace helip::worker {
namespace {

// What is no pair has no place in the quarantine: it is named here.
void tell_irregular(const std::filesystem::path& folder) {
  for (const auto& list : data::left_out_lists(folder)) {
    const std::uint64_t samples = data::total_of(data::count_reasons(list));
    if (samples > 0) {
      log::warning(cat("index: ", samples, samples == 1 ? " sample is" : " samples are",
                       " left out, see ", list.string()));
    }
    for (const auto& [reason, count] : data::count_notes(list))
      log::warning(cat("index: noted ", count, ": ", reason, "; see ", list.string()));
  }
}

}  // namespace

TaskOutcome run_index(Workbench& bench, const jobs::Task& task,
                      const std::filesystem::path& /*partial*/, const TaskHooks& hooks) {
  jobs::expect_kind(task, jobs::IndexTask::kStage, jobs::IndexTask::kKind);
  const config::RunConfig& config = bench.config();
  const auto folder = std::filesystem::absolute(
      data::open_or_index(config.corpus, bench.work_dir().corpus(), hooks.progress));
  // The report, and tools that read a work directory, find the corpus by this.
  publish_file(bench.work_dir().location(), folder.string() + "\n");
  const data::CorpusManifest manifest = data::read_manifest(folder / "manifest.json");
  data::refuse_too_many(manifest.pairs, config.corpus.max_quarantined, folder);
  tell_irregular(folder);
  const auto source =
      model::find_architecture(config.model.architecture, model::installed_models());
  const model::InputKinds inputs = model::input_kinds(source);
  return outcome_of(
      jobs::IndexResult{.corpus = {.folder = folder.string(),
                                   .fingerprint = manifest.fingerprint,
                                   .model_digest = mining::job_digest(config.model, config.encoder),
                                   .pairs = manifest.pairs},
                        .image_features = inputs.image == model::InputKind::kFeatures,
                        .text_features = inputs.text == model::InputKind::kFeatures});
}

}  // namespace helip::worker
