#include "eval/eval_job.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "data/dataset.h"
#include "data/tokenizer.h"
#include "eval/dataset_embedder.h"
#include "eval/linear_probe.h"
#include "eval/metrics.h"

namespace helip::eval {
namespace {

constexpr const char* kZeroShot = "zero_shot";
constexpr const char* kRetrieval = "retrieval";
constexpr const char* kLinearProbe = "linear_probe";
constexpr const char* kTrainSplit = "train";
constexpr std::string_view kPlaceholder = "{c}";

bool wants(const config::EvalDataset& dataset, const char* task) {
  return std::find(dataset.tasks.begin(), dataset.tasks.end(), task) != dataset.tasks.end();
}

void check_tasks(const config::EvalDataset& dataset) {
  for (const std::string& task : dataset.tasks) {
    if (task != kZeroShot && task != kRetrieval && task != kLinearProbe) {
      throw ConfigError({.what = "unknown evaluation task",
                         .where = "eval.datasets " + dataset.name,
                         .expected = "zero_shot, retrieval or linear_probe",
                         .found = task});
    }
  }
  if (dataset.tasks.empty()) {
    throw ConfigError({.what = "no evaluation task", .where = "eval.datasets " + dataset.name});
  }
  if (wants(dataset, kLinearProbe) && dataset.split == kTrainSplit) {
    throw ConfigError({.what = "the linear probe would be scored on what it was trained on",
                       .where = "eval.datasets " + dataset.name,
                       .expected = "a split other than train",
                       .found = dataset.split});
  }
}

// Labels of a split, all of them classes of the data set.
std::vector<std::int64_t> labels_of(const data::Dataset& dataset, const std::string& where) {
  if (dataset.classnames.empty()) {
    throw DataError(
        {.what = "the data set has no classes", .where = where, .expected = "classnames.txt"});
  }
  std::vector<std::int64_t> labels;
  for (const data::DatasetSample& sample : dataset.samples) {
    if (sample.label < 0 || static_cast<std::size_t>(sample.label) >= dataset.classnames.size()) {
      throw DataError({.what = "a sample has no label of the data set's classes",
                       .where = where + " " + sample.key,
                       .expected = cat("0 … ", dataset.classnames.size() - 1),
                       .found = sample.label < 0 ? "none" : cat(sample.label)});
    }
    labels.push_back(sample.label);
  }
  return labels;
}

// Every template with every class name, in class order.
std::vector<std::string> prompts_of(const data::Dataset& dataset, const std::string& where) {
  if (dataset.templates.empty()) {
    throw DataError({.what = "the data set has no prompt templates",
                     .where = where,
                     .expected = "zeroshot_classification_templates.txt"});
  }
  std::vector<std::string> prompts;
  for (const std::string& name : dataset.classnames) {
    for (std::string prompt : dataset.templates) {
      for (std::size_t at = prompt.find(kPlaceholder); at != std::string::npos;
           at = prompt.find(kPlaceholder, at + name.size())) {
        prompt.replace(at, kPlaceholder.size(), name);
      }
      prompts.push_back(std::move(prompt));
    }
  }
  return prompts;
}

// Captions of all images, one row each, with the group of equal captions.
struct Captions {
  std::vector<std::string> texts;
  std::vector<std::uint64_t> group;
  std::vector<std::vector<std::size_t>> of_image;
};

Captions captions_of(const data::Dataset& dataset, const std::string& where) {
  Captions captions;
  std::map<std::string, std::uint64_t> groups;
  for (const data::DatasetSample& sample : dataset.samples) {
    std::vector<std::size_t>& own = captions.of_image.emplace_back();
    for (const std::string& caption : sample.captions) {
      own.push_back(captions.texts.size());
      captions.texts.push_back(caption);
      captions.group.push_back(
          groups.emplace(data::caption_key(caption), groups.size()).first->second);
    }
  }
  if (captions.texts.empty()) {
    throw DataError(
        {.what = "the data set has no captions", .where = where, .expected = "samples with .txt"});
  }
  return captions;
}

std::map<std::string, double> as_metrics(const Classification& scores) {
  std::map<std::string, double> metrics = {{"acc1", scores.acc1},
                                           {"mean_per_class_recall", scores.mean_per_class_recall}};
  if (scores.acc5) metrics["acc5"] = *scores.acc5;
  return metrics;
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
      : spec_(spec), dataset_(data::read_dataset(spec.dataset.path, spec.dataset.split)) {
    where_ = spec.dataset.path + "/" + spec.dataset.split;
    total_ = dataset_.samples.size();
    if (wants(spec.dataset, kZeroShot)) {
      labels_ = labels_of(dataset_, where_);
      prompts_ = prompts_of(dataset_, where_);
      total_ += prompts_.size();
    }
    if (wants(spec.dataset, kRetrieval)) {
      captions_ = captions_of(dataset_, where_);
      total_ += captions_.texts.size();
    }
    if (wants(spec.dataset, kLinearProbe)) {
      labels_ = labels_of(dataset_, where_);
      train_ = data::read_dataset(spec.dataset.path, kTrainSplit);
      train_labels_ = labels_of(*train_, spec.dataset.path + "/" + kTrainSplit);
      total_ += train_->samples.size();
    }
    embedder_ =
        open_dataset_embedder(spec.model, {.batch_size = spec.options.batch_size,
                                           .feature_cache = spec.feature_cache,
                                           .device = spec.device,
                                           .advanced = [this, progress](std::uint64_t count) {
                                             done_ += count;
                                             if (progress) progress(done_, total_);
                                           }});
  }

  std::vector<EvalResult> run() {
    images_ = embedder_->images(dataset_, spec_.dataset.split);
    std::vector<EvalResult> results;
    for (const std::string& task : spec_.dataset.tasks) {
      if (task == kZeroShot) results.push_back(entry("zeroshot_classification", zero_shot()));
      if (task == kRetrieval) results.push_back(entry("zeroshot_retrieval", retrieval()));
      if (task == kLinearProbe) results.push_back(entry("linear_probe", linear_probe()));
    }
    return results;
  }

 private:
  std::map<std::string, double> zero_shot() {
    const Embeddings prompts = embedder_->texts(prompts_);
    const std::vector<float> classes = class_embeddings(prompts.view(), dataset_.templates.size());
    const FeatureView class_rows{classes, dataset_.classnames.size(), prompts.dim};
    return as_metrics(classification_metrics(
        class_rows.rows, labels_, [&](std::size_t sample, std::span<double> scores) {
          for (std::size_t label = 0; label < class_rows.rows; ++label) {
            scores[label] = dot(images_.view().row(sample), class_rows.row(label));
          }
        }));
  }

  std::map<std::string, double> retrieval() {
    const Embeddings texts = embedder_->texts(captions_.texts);
    return retrieval_metrics(images_.view(), texts.view(), captions_.of_image, captions_.group,
                             spec_.options.recall_k);
  }

  std::map<std::string, double> linear_probe() {
    const Embeddings train = embedder_->images(*train_, kTrainSplit);
    const std::size_t classes = dataset_.classnames.size();
    const LinearProbe probe =
        fit_linear_probe(train.view(), train_labels_, classes, spec_.options.probe_l2);
    auto metrics = as_metrics(
        classification_metrics(classes, labels_, [&](std::size_t sample, std::span<double> scores) {
          score(probe, images_.view().row(sample), scores);
        }));
    metrics["l2"] = spec_.options.probe_l2;
    return metrics;
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
  data::Dataset dataset_;
  std::string where_;
  std::vector<std::int64_t> labels_;
  std::vector<std::string> prompts_;
  Captions captions_;
  std::optional<data::Dataset> train_;
  std::vector<std::int64_t> train_labels_;
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
