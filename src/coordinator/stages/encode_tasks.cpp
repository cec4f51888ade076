// Ranges of encoder.task_samples samples, then a merge. Encoding finds the pairs that cannot be
// decoded, so it also runs where nobody mines and nothing is embedded: a job and its control
// (train.hard_pairs: none) train on the same set of pairs.
#include "common/error.h"
#include "common/percent.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "coordinator/stages/stages.h"
#include "jobs/encode.h"
#include "store/array_files.h"

namespace helip::coordinator {
namespace {

// Throws DataError if `quarantined` is more than `limit`, a share of all pairs.
void expect_usable(std::uint64_t quarantined, const jobs::CorpusFacts& corpus, double limit) {
  const auto pairs = static_cast<double>(corpus.pairs);
  const auto unusable = static_cast<double>(quarantined);
  if (unusable <= limit * pairs) return;
  throw DataError({.what = "too many samples of the corpus are unusable",
                   .where = corpus.folder,
                   .expected = cat("at most ", percent(limit), " (corpus.max_quarantined)"),
                   .found = cat(quarantined, " of ", corpus.pairs, ", ", percent(unusable / pairs),
                                ", before all are encoded; `helip data check` names them")});
}

class EncodeTasks final : public MergedStageTasks {
 public:
  explicit EncodeTasks(const JobPlan& plan)
      : MergedStageTasks(Stage::kEncode, plan, config::training_digest(plan.config)) {}

  [[nodiscard]] const char* unit() const override { return "samples"; }
  [[nodiscard]] bool has_ranges() const override { return true; }

  [[nodiscard]] std::vector<NewTask> next(const TaskLedger& ledger,
                                          const JobFigures& figures) const override {
    // Once all are encoded the merge says it, and names each.
    if (!ledger.all_done(stage()) &&
        ledger.find(stage(), std::string(jobs::kMergeName)) == nullptr) {
      expect_usable(figures.quarantined_so_far, index_result(ledger).corpus,
                    plan().config.corpus.max_quarantined);
    }
    return MergedStageTasks::next(ledger, figures);
  }

  [[nodiscard]] StageProgress progress(const TaskLedger& ledger, const JobFigures& figures,
                                       double live) const override {
    return progress_in_pairs(ledger, figures, live);
  }

  void learn(const TaskRecord& task, double /*rate*/, JobFigures& figures) const override {
    if (task.name == jobs::kMergeName) {
      figures.quarantined = result_of<jobs::MergeEncodedResult>(task).quarantined;
    } else {
      figures.quarantined_so_far += result_of<jobs::EncodeResult>(task).quarantined;
    }
  }

  // Pairs that cannot be used are left out; whoever watches must learn of it.
  [[nodiscard]] std::string notice(const TaskRecord& task) const override {
    if (task.name != jobs::kMergeName) return {};
    const auto quarantined = result_of<jobs::MergeEncodedResult>(task).quarantined;
    if (quarantined == 0) return {};
    return cat("encode: ", quarantined, " of ", task_of(task).corpus.pairs,
               " pairs quarantined, see ", plan().work_dir.quarantine().string());
  }

  void check_result(const jobs::Task& task, const std::string& result) const override {
    if (task.kind == jobs::kMerge) {
      expect_result<jobs::MergeEncodedResult>(task, result);
      return;
    }
    const auto encoded = jobs::from_json<jobs::EncodeResult>(result, jobs::label(task));
    const std::uint64_t asked = jobs::body_of<jobs::EncodeTask>(task).count;
    if (encoded.samples == asked && encoded.quarantined <= asked) return;
    throw StoreError({.what = "a result of another range",
                      .where = jobs::label(task),
                      .expected = cat(asked, " samples"),
                      .found = cat(encoded.samples, ", ", encoded.quarantined, " quarantined")});
  }

  [[nodiscard]] std::vector<std::filesystem::path> products(
      const jobs::Task& task, const std::string& /*result*/) const override {
    if (task.kind != jobs::kMerge) return {};
    std::vector<std::filesystem::path> files = {plan().work_dir.corpus() / store::kQuarantineFile};
    if (mines() && plan().config.encoder.source != config::EncoderSource::kNpy) {
      files.push_back(plan().work_dir.image_embeddings(plan().config) /
                      store::kImageEmbeddingsFile);
      files.push_back(plan().work_dir.text_embeddings(plan().config) / store::kTextEmbeddingsFile);
    }
    const auto merge = jobs::body_of<jobs::MergeEncodedTask>(task);
    const std::filesystem::path features = plan().work_dir.features();
    if (merge.image_features) files.push_back(features / store::kImageFeaturesFile);
    if (merge.text_features) files.push_back(features / store::kTextFeaturesFile);
    return files;
  }

 protected:
  [[nodiscard]] std::vector<NewTask> first_tasks(const TaskLedger& ledger) const override {
    const jobs::CorpusFacts corpus = index_result(ledger).corpus;
    const config::RunConfig& config = plan().config;
    // Whether the corpus can be mined as configured is known now, before hours of encoding.
    if (mines() && plan().until >= Stage::kMine) {
      static_cast<void>(plan().cut(corpus.pairs, config.mining, 0, config.mining.task_targets));
    }
    std::vector<NewTask> tasks;
    for (const auto& [first, count] : cut_range(0, corpus.pairs, config.encoder.task_samples)) {
      tasks.push_back(make(jobs::range_name(first), corpus,
                           jobs::EncodeTask{.first = first, .count = count}, count));
    }
    return tasks;
  }

  [[nodiscard]] NewTask merge_task(const TaskLedger& ledger) const override {
    const jobs::IndexResult index = index_result(ledger);
    return make(std::string(jobs::kMergeName), index.corpus,
                jobs::MergeEncodedTask{.image_features = index.image_features,
                                       .text_features = index.text_features},
                0);
  }

  [[nodiscard]] IndexRange range_of(const jobs::Task& task) const override {
    const auto range = jobs::body_of<jobs::EncodeTask>(task);
    return {range.first, range.count};
  }

 private:
  [[nodiscard]] bool mines() const {
    return plan().config.train.hard_pairs == config::HardPairs::kMined;
  }
};

}  // namespace

std::unique_ptr<StageTasks> encode_tasks(const JobPlan& plan) {
  return std::make_unique<EncodeTasks>(plan);
}

}  // namespace helip::coordinator
