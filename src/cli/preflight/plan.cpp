#include "cli/preflight/plan.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <vector>

#include "cli/preflight/corpus_count.h"
#include "cli/preflight/mine_memory.h"
#include "cli/preflight/model_plan.h"
#include "common/text.h"
#include "config/budget.h"
#include "coordinator/pipeline.h"
#include "jobs/work_dir.h"
#include "mining/mining_job.h"

namespace helip::cli {
namespace {

struct Row {
  std::string stage, tasks, size, memory;
};

constexpr double kFloat = 4;  // bytes

std::string bytes(double value) { return human_bytes(value); }

std::uint64_t pieces(std::uint64_t total, std::uint64_t size) { return (total + size - 1) / size; }

std::string counted(std::uint64_t count, const std::string& thing) {
  return cat(count, " ", thing, count == 1 ? "" : "s");
}

class Plan {
 public:
  Plan(const config::RunConfig& config, const coordinator::Pipeline& pipeline,
       const jobs::WorkDir& work_dir)
      : config_(config),
        pipeline_(pipeline),
        pairs_(count_pairs(config.corpus.path, work_dir.corpus())),
        model_(plan_model(config.model)) {
    if (config.encoder.model) encoder_ = plan_model(*config.encoder.model);
  }

  [[nodiscard]] Row row(jobs::Stage stage) const {
    Row row{std::string(name_of(stage)), "1", "", ""};
    if (!pipeline_.runs(stage)) return {row.stage, "0", "not part of this job", ""};
    switch (stage) {
      case jobs::Stage::kIndex:
        row.size = config_.corpus.path;
        break;
      case jobs::Stage::kEncode:
        row.tasks =
            tasks([&](std::uint64_t pairs) { return pieces(pairs, config_.encoder.task_samples); });
        row.size = cat(known("samples"), ", ", config_.encoder.task_samples, " a task");
        row.memory = encode_memory();
        break;
      case jobs::Stage::kMine:
        row.tasks = tasks([&](std::uint64_t pairs) {
          return mining::mining_tasks(pairs, config_.mining, 0, config_.mining.task_targets).size();
        });
        row.size = cat(known("targets"), ", ", config_.mining.method,
                       ", k = ", config_.mining.hard_pairs_per_target);
        row.memory = mine_memory();
        break;
      case jobs::Stage::kTrain:
        row.tasks = cat(config_.train.repeats);
        row.size = train_budget();
        row.memory = train_memory();
        break;
      case jobs::Stage::kEval: {
        const bool init = config_.eval.evaluate_init && config_.model.init != "random";
        const std::uint64_t models = config_.train.repeats + (init ? 1U : 0U);
        row.tasks = cat(models * config_.eval.datasets.size(), " + 1 to merge");
        row.size = cat(counted(models, "model"), " on ",
                       counted(config_.eval.datasets.size(), "data set"));
        row.memory = eval_memory();
        break;
      }
      case jobs::Stage::kReport:
        row.size = cat(config_.output.gallery_targets, " targets in the gallery");
        break;
    }
    return row;
  }

  // What the figures of the column are made of.
  [[nodiscard]] std::string legend() const {
    std::string text =
        "Memory is an estimate for each worker, in float32, from the model's description (";
    text += trains_on_features() ? cat(model_.parameters, " trained parameters, frozen towers of ",
                                       bytes(static_cast<double>(model_.tower_bytes)))
                                 : cat(model_.parameters, " parameters");
    text +=
        "):\n"
        "  encode, eval  weights, one batch and its largest layer's activations; eval also its "
        "largest data set\n"
        "  mine          8-bit copies of all embeddings, by row and, of the candidates, in panels; "
        "the hard pairs of\n"
        "                the largest task. The embeddings stay mapped in their files\n"
        "  train         weights, gradients and AdamW's two moments; a rank's share of the batch, "
        "its activations\n"
        "                kept for the backward pass, its similarities\n"
        "Not in it: programs and libraries, decoding threads";
    text += model_.largest_layer == 0 ? ", activations inside the TorchScript towers.\n" : ".\n";
    return text;
  }

 private:
  template <typename Cut>
  [[nodiscard]] std::string tasks(const Cut& cut) const {
    if (!pairs_) return "?";
    return cat(pairs_->exact ? "" : "about ", cut(pairs_->pairs), " + 1 to merge");
  }

  [[nodiscard]] std::string known(const std::string& unit) const {
    if (!pairs_) return cat("? ", unit, " (known after index)");
    return cat(pairs_->exact ? "" : "about ", pairs_->pairs, " ", unit);
  }

  [[nodiscard]] bool trains_on_features() const {
    return model_.inputs_taken.any(model::InputKind::kFeatures);
  }

  static double weights(const ModelPlan& model) {
    return kFloat * static_cast<double>(model.parameters) + static_cast<double>(model.tower_bytes);
  }

  // Inputs and activations of a batch that needs no gradient.
  static double forward(const ModelPlan& model, std::uint64_t batch) {
    return kFloat * static_cast<double>(batch) *
           static_cast<double>(model.pixels + model.tokens + model.largest_layer);
  }

  // Returns the memory of the models that encode: the tuned one too if only its towers' features
  // are wanted.
  [[nodiscard]] std::string encode_memory() const {
    double held = 0, batch = 0;
    const auto add = [&](const ModelPlan& model) {
      const double outputs =
          static_cast<double>(model.image_features + model.text_features + 2 * model.embed_dim);
      held += weights(model);
      batch += forward(model, config_.encoder.batch_size) +
               kFloat * outputs * static_cast<double>(config_.encoder.task_samples);
    };
    if (encoder_) add(*encoder_);
    const bool tuned_encodes = !encoder_ && config_.encoder.source != config::EncoderSource::kNpy;
    if (tuned_encodes || trains_on_features()) add(model_);
    if (held == 0) return "little: images are decoded, ready embeddings looked at";
    return cat(bytes(held + batch), ": ", bytes(held), " weights, ", bytes(batch),
               " batch and results");
  }

  [[nodiscard]] std::string mine_memory() const {
    if (!pairs_) return "? (known after index)";
    const MineMemory memory = cli::mine_memory(pairs_->pairs, embedding_widths(config_),
                                               config_.mining, config_.launcher.workers);
    return cat(
        bytes(memory.held), ": ", bytes(memory.rows), " 8-bit rows, ", bytes(memory.panels),
        config_.mining.scratch.empty() ? " in panels, " : " in panels (both in mining.scratch), ",
        bytes(memory.numbers), " norms, scales and groups, ", bytes(memory.task),
        " hard pairs of a task; ", bytes(memory.mapped), " embeddings mapped");
  }

  // Returns what one training uses: equal for HELIP and its control.
  [[nodiscard]] std::string train_budget() const {
    const config::TrainConfig& train = config_.train;
    const std::uint64_t batch = config::global_batch_size(train);
    const std::string each = cat(" of ", batch, " pairs, hard pairs: ", train.hard_pairs);
    if (train.epochs > 0 && (!pairs_ || pairs_->pairs == 0)) {
      return cat(train.epochs, " epochs", each, scored());
    }
    const std::uint64_t usable = pairs_ ? pairs_->pairs : 0;
    const std::uint64_t steps = config::total_steps(train, usable);
    std::string text = cat(steps, " steps", each, "; ", steps * batch, " pairs");
    if (usable > 0) {
      text +=
          cat(", ", decimal(static_cast<double>(steps * batch) / static_cast<double>(usable), 1),
              " passes over the corpus");
    }
    if (model_.ssl_head > 0 && config_.slip.ssl_weight > 0) {
      text += cat(", ", 2 * steps * config::viewed_images(train, config_.slip), " views");
    }
    return text + scored();
  }

  // Returns how often the model is scored while it is trained; nothing if it is not.
  [[nodiscard]] std::string scored() const {
    const config::ScoresConfig& scores = config_.scores;
    if (scores.datasets.empty()) return {};
    const std::size_t sets = scores.datasets.size();
    return cat("; scored every ",
               scores.every_steps > 0 ? cat(scores.every_steps, " steps")
                                      : cat(scores.every_epochs, " epochs"),
               " on ", sets, sets == 1 ? " data set" : " data sets");
  }

  // Returns the bytes of the self-supervised term, 0 without one.
  [[nodiscard]] double view_memory() const {
    if (!(config_.slip.ssl_weight > 0)) return 0;
    const std::uint64_t images = config::viewed_images(config_.train, config_.slip);
    const auto own = static_cast<double>(pieces(images, ranks_that_train()));
    const auto total = static_cast<double>(images);
    // Similarities of each view to those of its own kind and of the other, and their softmax.
    return kFloat * (own * static_cast<double>(model_.views) +
                     total * static_cast<double>(model_.ssl_head) + 8 * own * total);
  }

  [[nodiscard]] std::uint32_t ranks_that_train() const {
    return std::max(1U, config_.launcher.workers - config_.remine.workers);
  }

  [[nodiscard]] std::string train_memory() const {
    const double state = 4 * kFloat * static_cast<double>(model_.parameters);
    const std::uint64_t global = config::global_batch_size(config_.train);
    const double rows = static_cast<double>(pieces(global, ranks_that_train()));
    const std::uint64_t features = model_.image_features + model_.text_features;
    using model::InputKind;
    const std::uint64_t inputs =
        features + (model_.inputs_taken.image == InputKind::kRaw ? model_.pixels : 0) +
        (model_.inputs_taken.text == InputKind::kRaw ? model_.tokens : 0);
    // Similarities and their softmax in both directions.
    const double batch =
        kFloat * rows *
            (static_cast<double>(inputs + model_.activations) + 4 * static_cast<double>(global)) +
        view_memory();
    std::string text = cat(bytes(state + batch), ": ", bytes(state), " weights and optimizer, ",
                           bytes(batch), " batch");
    if (trains_on_features()) {
      text += pairs_ ? cat("; ",
                           bytes(kFloat * static_cast<double>(features) *
                                 static_cast<double>(pairs_->pairs)),
                           " features mapped")
                     : "; features mapped";
    }
    return text;
  }

  [[nodiscard]] std::string eval_memory() const {
    const double held = weights(model_);
    const double batch = forward(model_, config_.eval.batch_size);
    return cat(bytes(held + batch), ": ", bytes(held), " weights, ", bytes(batch), " batch");
  }

  const config::RunConfig& config_;
  const coordinator::Pipeline& pipeline_;
  std::optional<PairCount> pairs_;
  ModelPlan model_;
  std::optional<ModelPlan> encoder_;  // encoder.model
};

}  // namespace

std::string plan_text(const config::RunConfig& config, jobs::Stage until) {
  const jobs::WorkDir work_dir(config.output.work_dir);
  const coordinator::Pipeline pipeline(
      {.config = config, .work_dir = work_dir, .until = until, .cut = {}});
  const Plan plan(config, pipeline, work_dir);
  std::vector<Row> rows = {{"stage", "tasks", "size", "memory of a worker (estimated)"}};
  for (const jobs::Stage stage : jobs::kStages) rows.push_back(plan.row(stage));

  std::size_t tasks_width = 0, size_width = 0;
  for (const Row& row : rows) {
    tasks_width = std::max(tasks_width, row.tasks.size());
    size_width = std::max(size_width, row.size.size());
  }
  std::string text = cat("work directory  ", work_dir.root().string(), "\nworkers         ",
                         config.launcher.workers, " with ", config.launcher.threads_per_worker,
                         " threads each, device ", config.launcher.device, "\n\n");
  for (const Row& row : rows) {
    std::string line = row.stage + std::string(8 - row.stage.size(), ' ') + row.tasks +
                       std::string(tasks_width + 2 - row.tasks.size(), ' ') + row.size;
    if (!row.memory.empty())
      line += std::string(size_width + 2 - row.size.size(), ' ') + row.memory;
    text += line + "\n";
  }
  return text + "\n" + plan.legend();
}

}  // namespace helip::cli
