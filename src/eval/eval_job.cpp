#include "eval/eval_job.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "eval/dataset_embedder.h"
#include "eval/eval_dataset.h"
#include "eval/eval_dataset_check.h"
#include "eval/metrics.h"
#include "eval/probe_protocol.h"
#include "eval/task_inputs.h"

namespace helip::eval {
namespace {

using config::EvalTask;
constexpr const char* kTrainSplit = "train";

bool wants(const config::EvalDataset& dataset, EvalTask task) {
  return std::find(dataset.tasks.begin(), dataset.tasks.end(), task) != dataset.tasks.end();
}

void check_tasks(const config::EvalDataset& dataset) {
  if (dataset.tasks.empty()) {
    throw ConfigError({.what = "no evaluation task", .where = "eval.datasets " + dataset.name});
  }
  if (wants(dataset, EvalTask::kLinearProbe) && dataset.split == kTrainSplit) {
    throw ConfigError({.what = "the linear probe would be scored on what it was trained on",
                       .where = "eval.datasets " + dataset.name,
                       .expected = "a split other than train",
                       .found = dataset.split});
  }
}

// `prefix`: "lp_" of a linear probe, as clip_benchmark writes it.
std::map<std::string, double> as_metrics(const Classification& scores, const std::string& prefix) {
  std::map<std::string, double> metrics = {
      {prefix + "acc1", scores.acc1},
      {prefix + "mean_per_class_recall", scores.mean_per_class_recall}};
  if (scores.acc5) metrics[prefix + "acc5"] = *scores.acc5;
  return metrics;
}

std::vector<ClassRecall> recalls_of(const Classification& scores,
                                    const std::vector<std::string>& names) {
  std::vector<ClassRecall> recalls;
  for (std::size_t label = 0; label < names.size(); ++label) {
    recalls.push_back(
        {.name = names[label], .samples = scores.samples[label], .right = scores.right[label]});
  }
  return recalls;
}

// The name of the configuration file or folder where none is given.
std::string model_name(const config::ModelConfig& model) {
  if (!model.name.empty()) return model.name;
  const std::filesystem::path path(model.architecture);
  const std::filesystem::path last = path.has_filename() ? path : path.parent_path();
  return last.extension() == ".json" ? last.stem().string() : last.filename().string();
}

// One data set, its images embedded once for all tasks.
class Evaluation {
 public:
  Evaluation(const EvalSpec& spec,
             const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : spec_(spec), dataset_(read_dataset(spec.dataset.path, spec.dataset.split)) {
    where_ = spec.dataset.path + "/" + spec.dataset.split;
    total_ = dataset_.samples.size();
    if (wants(spec.dataset, EvalTask::kZeroShot)) {
      labels_ = labels_of(dataset_, where_);
      prompts_ = prompts_of(dataset_, where_);
      total_ += prompts_.size();
    }
    if (wants(spec.dataset, EvalTask::kRetrieval)) {
      captions_ = captions_of(dataset_, spec.options.equal_captions, where_);
      total_ += captions_.texts.size();
    }
    if (wants(spec.dataset, EvalTask::kLinearProbe)) {
      probe_labels_ = single_labels_of(dataset_, where_);
      train_ = read_training_split(kTrainSplit);
      if (!spec.dataset.validation_split.empty()) {
        validation_ = read_training_split(spec.dataset.validation_split);
      }
    }
    embedder_ =
        open_dataset_embedder(spec.model, {.batch_size = spec.options.batch_size,
                                           .feature_cache = spec.feature_cache,
                                           .cache_embeddings = spec.cache_embeddings,
                                           .device = spec.device,
                                           .advanced = [this, progress](std::uint64_t count) {
                                             done_ += count;
                                             if (progress) progress(done_, total_);
                                           }});
  }

  std::vector<EvalResult> run() {
    images_ = embedder_->images(dataset_, spec_.dataset.split);
    std::vector<EvalResult> results;
    for (const EvalTask task : spec_.dataset.tasks) {
      switch (task) {
        case EvalTask::kZeroShot:
          results.push_back(zero_shot());
          break;
        case EvalTask::kRetrieval:
          results.push_back(retrieval());
          break;
        case EvalTask::kLinearProbe:
          results.push_back(linear_probe());
          break;
      }
    }
    return results;
  }

 private:
  // One split that the linear probe learns from.
  struct TrainingSplit {
    std::string name;
    Dataset dataset;
    std::vector<std::int64_t> labels;
  };

  TrainingSplit read_training_split(const std::string& split) {
    expect_same_classes(spec_.dataset.path, spec_.dataset.split, split);
    TrainingSplit read = {split, read_dataset(spec_.dataset.path, split), {}};
    read.labels = single_labels_of(read.dataset, spec_.dataset.path + "/" + split);
    total_ += read.dataset.samples.size();
    return read;
  }

  ProbeSamples embed(const TrainingSplit& split) {
    Embeddings images = embedder_->images(split.dataset, split.name);
    return {std::move(images.values), split.labels, images.dim};
  }

  EvalResult zero_shot() {
    const Embeddings prompts = embedder_->texts(prompts_);
    const std::vector<float> classes = class_embeddings(prompts.view(), dataset_.templates.size());
    const EmbeddingView class_rows{classes, dataset_.classnames.size(), prompts.dim};
    const Classification scores = classification_metrics(
        class_rows.rows, labels_, [&](std::size_t sample, std::span<double> row) {
          for (std::size_t label = 0; label < class_rows.rows; ++label) {
            row[label] = dot(images_.view().row(sample), class_rows.row(label));
          }
        });
    EvalResult result = entry("zeroshot_classification", as_metrics(scores, ""));
    result.classes = recalls_of(scores, dataset_.classnames);
    return result;
  }

  // A recall@K over at most K candidates is 1 whatever the model.
  void warn_of_few_candidates() const {
    const std::size_t images = dataset_.samples.size(), captions = captions_.texts.size();
    for (const std::uint32_t k : spec_.options.recall_k) {
      if (k < std::min(images, captions)) continue;
      log::warning(cat(where_, ": recall@", k, " does not compare models: there are ", images,
                       " images and ", captions, " captions"));
      return;
    }
  }

  EvalResult retrieval() {
    warn_of_few_candidates();
    const Embeddings texts = embedder_->texts(captions_.texts);
    return entry("zeroshot_retrieval",
                 retrieval_metrics(images_.view(), texts.view(), captions_.of_image,
                                   captions_.group, spec_.options.recall_k));
  }

  EvalResult linear_probe() {
    const std::size_t classes = dataset_.classnames.size();
    const config::EvalConfig& options = spec_.options;
    const TrainedProbe trained =
        train_probe(embed(*train_), validation_ ? embed(*validation_) : ProbeSamples{}, classes,
                    {.method = options.probe,
                     .l2 = options.probe_l2,
                     .shots = options.fewshot_k,
                     .seed = options.probe_seed,
                     .device = spec_.device});
    std::vector<Labels> labels;
    for (const std::int64_t label : probe_labels_) labels.push_back({label});
    const Classification scores =
        classification_metrics(classes, labels, [&](std::size_t sample, std::span<double> row) {
          score(trained.probe, images_.view().row(sample), row);
        });
    EvalResult result = entry("linear_probe", as_metrics(scores, "lp_"));
    result.metrics.insert(trained.settings.begin(), trained.settings.end());
    result.classes = recalls_of(scores, dataset_.classnames);
    return result;
  }

  [[nodiscard]] EvalResult entry(const std::string& task,
                                 std::map<std::string, double> metrics) const {
    return {.dataset = spec_.dataset.name,
            .model = model_name(spec_.model),
            .pretrained = spec_.pretrained,
            .task = task,
            .metrics = std::move(metrics)};
  }

  const EvalSpec& spec_;
  Dataset dataset_;
  std::string where_;
  std::vector<Labels> labels_;
  std::vector<std::string> prompts_;
  TaskCaptions captions_;
  std::vector<std::int64_t> probe_labels_;
  std::optional<TrainingSplit> train_, validation_;
  std::uint64_t total_ = 0, done_ = 0;
  std::unique_ptr<DatasetEmbedder> embedder_;
  Embeddings images_;
};

}  // namespace

std::vector<EvalResult> run_eval_job(
    const EvalSpec& spec, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  check_tasks(spec.dataset);
  return Evaluation(spec, progress).run();
}

}  // namespace helip::eval
