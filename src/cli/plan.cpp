// What `helip run --dry-run` prints.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "cli/run_job.h"
#include "common/text.h"
#include "config/validate.h"
#include "coordinator/pipeline.h"
#include "coordinator/work_dir.h"
#include "data/manifest.h"
#include "mining/mining_job.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

struct Row {
  std::string stage, tasks, size, memory;
};

std::optional<std::uint64_t> corpus_pairs(const config::RunConfig& config,
                                          const coordinator::WorkDir& work_dir) {
  for (const fs::path& folder : {fs::path(config.corpus.path), work_dir.corpus()}) {
    std::error_code ignored;
    if (fs::exists(folder / "manifest.json", ignored)) {
      return data::read_manifest(folder / "manifest.json").pairs;
    }
  }
  return std::nullopt;
}

// embed_dim of the model's description, where it is a file that can be read without the engine.
std::optional<std::uint64_t> embed_dim(const config::ModelConfig& model) {
  for (const fs::path& file :
       {fs::path(model.architecture) / "helip_model.json", fs::path(model.architecture),
        fs::path(model.init) / "open_clip_config.json"}) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;
    std::ifstream in(file);
    const auto description = nlohmann::json::parse(in, nullptr, false);
    if (!description.is_object()) continue;
    const auto& root = description.contains("model_cfg") ? description["model_cfg"] : description;
    if (root.contains("embed_dim") && root["embed_dim"].is_number_unsigned()) {
      return root["embed_dim"].get<std::uint64_t>();
    }
  }
  return std::nullopt;
}

// Bytes of the weights that training starts from.
std::uint64_t weight_bytes(const std::string& init) {
  std::error_code error;
  std::uint64_t bytes = 0;
  if (fs::is_regular_file(init, error)) return fs::file_size(init, error);
  if (!fs::is_directory(init, error)) return 0;
  for (const auto& entry : fs::directory_iterator(init, error)) {
    if (entry.path().extension() == ".safetensors") bytes += entry.file_size(error);
  }
  return bytes;
}

std::string known(std::optional<std::uint64_t> value, const std::string& unit) {
  return value ? cat(*value, " ", unit) : cat("? ", unit, " (known after index)");
}

std::string each_worker(double bytes) { return cat(human_bytes(bytes), " a worker"); }

std::uint64_t pieces(std::uint64_t total, std::uint64_t size) { return (total + size - 1) / size; }

class Plan {
 public:
  Plan(const config::RunConfig& config, const coordinator::Pipeline& pipeline,
       const coordinator::WorkDir& work_dir)
      : config_(config),
        pipeline_(pipeline),
        pairs_(corpus_pairs(config, work_dir)),
        dim_(embed_dim(config.model)) {}

  [[nodiscard]] Row row(rpc::Stage stage) const {
    Row row{std::string(rpc::name_of(stage)), "1", "", ""};
    if (!pipeline_.runs(stage)) return {row.stage, "0", "not part of this job", ""};
    switch (stage) {
      case rpc::Stage::kIndex:
        row.size = config_.corpus.path;
        break;
      case rpc::Stage::kEncode:
        row.tasks =
            pairs_ ? cat(pieces(*pairs_, config_.encoder.task_samples), " + 1 to merge") : "?";
        row.size = cat(known(pairs_, "samples"), ", ", config_.encoder.task_samples, " a task");
        break;
      case rpc::Stage::kMine:
        row.tasks = pairs_
                        ? cat(mining::mining_tasks(*pairs_, config_.mining).size(), " + 1 to merge")
                        : "?";
        row.size = cat(known(pairs_, "targets"), ", ", config_.mining.method,
                       ", k = ", config_.mining.hard_pairs_per_target);
        // Images and texts as float32, and their hard pairs (id and score).
        if (pairs_ && dim_) {
          row.memory = each_worker(static_cast<double>(*pairs_) * static_cast<double>(*dim_) * 8);
        }
        break;
      case rpc::Stage::kTrain: {
        row.tasks = cat(config_.train.repeats);
        const std::string length = config_.train.steps > 0 ? cat(config_.train.steps, " steps")
                                                           : cat(config_.train.epochs, " epochs");
        row.size = cat(length, " of ", config::global_batch_size(config_.train),
                       " pairs, hard pairs: ", config_.train.hard_pairs);
        // Weights, gradients and AdamW's two moments; activations come on top.
        const std::uint64_t weights = weight_bytes(config_.model.init);
        if (weights > 0)
          row.memory = each_worker(4 * static_cast<double>(weights)) + " + activations";
        break;
      }
      case rpc::Stage::kEval: {
        const bool init = config_.eval.evaluate_init && config_.model.init != "random";
        const std::uint64_t models = config_.train.repeats + (init ? 1U : 0U);
        row.tasks = cat(models * config_.eval.datasets.size(), " + 1 to merge");
        row.size = cat(models, " models on ", config_.eval.datasets.size(), " data sets");
        break;
      }
      case rpc::Stage::kReport:
        row.size = cat(config_.output.gallery_targets, " targets in the gallery");
        break;
    }
    return row;
  }

 private:
  const config::RunConfig& config_;
  const coordinator::Pipeline& pipeline_;
  std::optional<std::uint64_t> pairs_, dim_;
};

}  // namespace

std::string plan_text(const config::RunConfig& config, rpc::Stage until) {
  const coordinator::WorkDir work_dir(config.output.work_dir);
  const coordinator::Pipeline pipeline(
      config, work_dir, "", [](auto...) { return std::vector<coordinator::Range>(); }, until);
  const Plan plan(config, pipeline, work_dir);
  std::vector<Row> rows = {{"stage", "tasks", "size", "memory (estimated)"}};
  for (const rpc::Stage stage : rpc::kStages) rows.push_back(plan.row(stage));

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
  return text;
}

}  // namespace helip::cli
