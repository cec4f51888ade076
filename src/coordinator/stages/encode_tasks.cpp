// Ranges of encoder.task_samples samples, then a merge. Encoding finds the pairs that cannot be
// decoded, so it also runs where nobody mines its embeddings: a job and its control
// (train.hard_pairs: none) train on the same set of pairs.
#include <algorithm>

#include "common/error.h"
#include "common/percent.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "coordinator/stages/quarantine_limit.h"
#include "coordinator/stages/stages.h"
#include "jobs/encode.h"

namespace helip::coordinator {
namespace {

class EncodeTasks final : public MergedStageTasks {
 public:
  explicit EncodeTasks(const JobPlan& plan)
      : MergedStageTasks(Stage::kEncode, plan, config::training_digest(plan.config)) {}

  [[nodiscard]] const char* unit() const override { return "samples"; }

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
    std::vector<std::filesystem::path> files = {plan().work_dir.corpus() / "quarantine.npy"};
    if (plan().config.encoder.source != config::EncoderSource::kNpy) {
      files.push_back(plan().work_dir.image_embeddings(plan().config) / "img_emb_0.npy");
      files.push_back(plan().work_dir.text_embeddings(plan().config) / "text_emb_0.npy");
    }
    if (jobs::body_of<jobs::MergeEncodedTask>(task).features) {
      files.push_back(plan().work_dir.features() / "image_features.npy");
      files.push_back(plan().work_dir.features() / "text_features.npy");
    }
    return files;
  }

 protected:
  [[nodiscard]] std::vector<NewTask> first_tasks(const TaskLedger& ledger) const override {
    const jobs::CorpusFacts corpus = index_result(ledger).corpus;
    const config::RunConfig& config = plan().config;
    // Whether the corpus can be mined as configured is known now, before hours of encoding.
    if (config.train.hard_pairs == config::HardPairs::kMined && plan().until >= Stage::kMine) {
      static_cast<void>(plan().cut(corpus.pairs, config.mining, 0, config.mining.task_targets));
    }
    const std::uint64_t size = config.encoder.task_samples;
    std::vector<NewTask> tasks;
    for (std::uint64_t first = 0; first < corpus.pairs; first += size) {
      const std::uint64_t count = std::min(size, corpus.pairs - first);
      tasks.push_back(make(jobs::range_name(first), corpus,
                           jobs::EncodeTask{.first = first, .count = count}, count));
    }
    return tasks;
  }

  [[nodiscard]] NewTask merge_task(const TaskLedger& ledger) const override {
    const jobs::IndexResult index = index_result(ledger);
    return make(std::string(jobs::kMergeName), index.corpus,
                jobs::MergeEncodedTask{.features = index.trains_on_features}, 0);
  }

  [[nodiscard]] Range range_of(const jobs::Task& task) const override {
    const auto range = jobs::body_of<jobs::EncodeTask>(task);
    return {range.first, range.count};
  }
};

}  // namespace

std::unique_ptr<StageTasks> encode_tasks(const JobPlan& plan) {
  return std::make_unique<EncodeTasks>(plan);
}

std::uint64_t quarantined_in(const TaskRecord& record) {
  const bool encoded = record.stage == Stage::kEncode && record.name != jobs::kMergeName &&
                       record.state == TaskState::kDone;
  return encoded ? result_of<jobs::EncodeResult>(record).quarantined : 0;
}

std::uint64_t quarantined_pairs(const TaskLedger& ledger) {
  const TaskRecord* merge = ledger.find(Stage::kEncode, std::string(jobs::kMergeName));
  return merge != nullptr && merge->state == TaskState::kDone
             ? result_of<jobs::MergeEncodedResult>(*merge).quarantined
             : 0;
}

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

}  // namespace helip::coordinator
