#include "coordinator/pipeline.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/json_reason.h"
#include "common/percent.h"
#include "common/text.h"
#include "config/to_yaml.h"

namespace helip::coordinator {
namespace {

nlohmann::json result_of(const TaskRecord& task) {
  nlohmann::json result = nlohmann::json::parse(task.result.result, nullptr, false);
  if (!result.is_object()) {
    throw StoreError({.what = "the result of a task is not a JSON object",
                      .where = cat(rpc::name_of(task.stage), "/", task.name)});
  }
  return result;
}

template <typename T>
T read(const TaskRecord& task, const char* key) {
  try {
    return result_of(task).at(key).get<T>();
  } catch (const nlohmann::json::exception& error) {
    throw StoreError({.what = "the result of a task lacks a key",
                      .where = cat(rpc::name_of(task.stage), "/", task.name),
                      .expected = key,
                      .found = json_reason(error)});
  }
}

// Sorts like the numbers and stays readable.
std::string range_name(std::uint64_t first) {
  const std::string digits = cat(first);
  return "range-" + std::string(digits.size() < 10 ? 10 - digits.size() : 0, '0') + digits;
}

CorpusFacts corpus_of(const TaskLedger& ledger) {
  return corpus_facts(*ledger.find(Stage::kIndex, "index"));
}

void tell_corpus(const CorpusFacts& corpus, rpc::TaskSpec& spec) {
  spec.pairs = corpus.pairs;
  spec.corpus_fingerprint = corpus.fingerprint;
  spec.model_digest = corpus.model_digest;
}

std::string plain(std::string name) {
  for (char& letter : name) {
    const bool keep = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '.' || letter == '_';
    if (!keep) letter = '_';
  }
  return name;
}

}  // namespace

CorpusFacts corpus_facts(const TaskRecord& task) {
  CorpusFacts facts;
  facts.pairs = read<std::uint64_t>(task, "pairs");
  facts.fingerprint = read<std::string>(task, "fingerprint");
  facts.model_digest = read<std::string>(task, "model_digest");
  facts.folder = read<std::string>(task, "corpus");
  facts.locked_towers = read<bool>(task, "locked_towers");
  return facts;
}

std::uint64_t quarantined_pairs(const TaskLedger& ledger) {
  const TaskRecord* merge = ledger.find(Stage::kEncode, kMerge);
  return merge != nullptr && merge->state == TaskState::kDone
             ? read<std::uint64_t>(*merge, "quarantined")
             : 0;
}

std::uint64_t quarantined_in(const TaskRecord& task) {
  return task.stage == Stage::kEncode && task.name != kMerge
             ? read<std::uint64_t>(task, "quarantined")
             : 0;
}

void expect_usable(std::uint64_t quarantined, const CorpusFacts& corpus, double limit) {
  const auto pairs = static_cast<double>(corpus.pairs);
  const auto unusable = static_cast<double>(quarantined);
  if (unusable <= limit * pairs) return;
  throw DataError({.what = "too many samples of the corpus are unusable",
                   .where = corpus.folder,
                   .expected = cat("at most ", percent(limit), " (corpus.max_quarantined)"),
                   .found = cat(quarantined, " of ", corpus.pairs, ", ", percent(unusable / pairs),
                                ", before all are encoded; `helip data check` names them")});
}

Pipeline::Pipeline(const config::RunConfig& config, const WorkDir& work_dir, MiningCut cut,
                   Stage until)
    : config_(config),
      work_dir_(work_dir),
      training_digest_(config::training_digest(config)),
      evaluation_digest_(config::config_digest(config)),
      report_digest_(config::report_digest(config)),
      cut_(std::move(cut)),
      until_(until) {}

const std::string& Pipeline::config_digest(Stage stage) const {
  switch (stage) {
    case Stage::kEval:
      return evaluation_digest_;
    case Stage::kReport:
      return report_digest_;
    default:
      return training_digest_;
  }
}

bool Pipeline::runs(Stage stage) const {
  if (stage > until_) return false;
  switch (stage) {
    case Stage::kMine:
      return config_.train.hard_pairs == config::HardPairs::kMined;
    case Stage::kEval:
      return !config_.eval.datasets.empty();
    case Stage::kReport:
      return config_.output.report;
    // Encoding finds the pairs that cannot be decoded, so it also runs where nobody mines its
    // embeddings: a job and its control (train.hard_pairs: none) train on the same set of pairs.
    case Stage::kEncode:
    case Stage::kIndex:
    case Stage::kTrain:
      return true;
  }
  return false;
}

bool Pipeline::has_merge(Stage stage) {
  return stage == Stage::kEncode || stage == Stage::kMine || stage == Stage::kEval;
}

bool Pipeline::stage_done(const TaskLedger& ledger, Stage stage) const {
  if (!ledger.complete(stage)) return false;
  return !has_merge(stage) || ledger.find(stage, kMerge) != nullptr;
}

std::optional<Stage> Pipeline::current(const TaskLedger& ledger) const {
  for (const Stage stage : rpc::kStages) {
    if (runs(stage) && !stage_done(ledger, stage)) return stage;
  }
  return std::nullopt;
}

std::vector<NewTask> Pipeline::next(const TaskLedger& ledger) const {
  const auto stage = current(ledger);
  if (!stage) return {};
  if (ledger.of_stage(*stage).empty()) return first_tasks(ledger, *stage);
  if (*stage == Stage::kMine && targets_covered(ledger) < corpus_of(ledger).pairs) {
    return later_mine_tasks(ledger);
  }
  if (ledger.complete(*stage)) return {merge_task(ledger, *stage)};
  return {};
}

std::uint64_t Pipeline::planned_tasks(const TaskLedger& ledger, Stage stage) const {
  const std::uint64_t added = ledger.of_stage(stage).size();
  if (added == 0 || !has_merge(stage) || ledger.find(stage, kMerge) != nullptr) return added;
  if (stage == Stage::kMine && targets_covered(ledger) < corpus_of(ledger).pairs) return 0;
  return added + 1;
}

const char* Pipeline::unit(Stage stage) {
  switch (stage) {
    case Stage::kEncode:
      return "samples";
    case Stage::kMine:
      return "targets";
    case Stage::kTrain:
      return "steps";
    default:
      return "tasks";
  }
}

rpc::TaskSpec Pipeline::base(Stage stage, const char* kind, std::string name) const {
  rpc::TaskSpec spec;
  spec.stage = stage;
  spec.kind = kind;
  spec.name = std::move(name);
  spec.config_digest = config_digest(stage);
  spec.paths["results"] = work_dir_.tasks(stage).string();
  return spec;
}

std::vector<NewTask> Pipeline::first_tasks(const TaskLedger& ledger, Stage stage) const {
  if (stage == Stage::kIndex) return {index_task()};
  const CorpusFacts corpus = corpus_of(ledger);
  std::vector<NewTask> tasks;
  switch (stage) {
    case Stage::kIndex:
      break;
    case Stage::kEncode:
      tasks = encode_tasks(corpus);
      break;
    case Stage::kMine:
      tasks = mine_tasks(ledger, corpus);
      break;
    case Stage::kTrain:
      tasks = train_tasks(ledger, corpus);
      break;
    case Stage::kEval:
      tasks = eval_tasks(corpus);
      break;
    case Stage::kReport: {
      NewTask task{base(stage, "whole", "report"), 1};
      task.spec.paths["work_dir"] = work_dir_.root().string();
      tasks.push_back(std::move(task));
      break;
    }
  }
  for (NewTask& task : tasks) tell_corpus(corpus, task.spec);
  return tasks;
}

NewTask Pipeline::index_task() const {
  NewTask task{base(Stage::kIndex, "whole", "index"), 1};
  task.spec.paths["index"] = work_dir_.corpus().string();
  return task;
}

std::vector<NewTask> Pipeline::encode_tasks(const CorpusFacts& corpus) const {
  // Whether the corpus can be mined as configured is known now, before hours of encoding.
  if (runs(Stage::kMine)) {
    static_cast<void>(cut_(corpus.pairs, config_.mining, 0, config_.mining.task_targets));
  }
  const std::uint64_t size = config_.encoder.task_samples;
  std::vector<NewTask> tasks;
  for (std::uint64_t first = 0; first < corpus.pairs; first += size) {
    NewTask& task = tasks.emplace_back();
    task.spec = base(Stage::kEncode, "range", range_name(first));
    task.spec.first = first;
    task.spec.count = std::min(size, corpus.pairs - first);
    task.spec.paths["corpus"] = corpus.folder;
    task.spec.paths["feature_cache"] = work_dir_.feature_cache(config_.encoder).string();
    task.units = task.spec.count;
  }
  return tasks;
}

void Pipeline::add_mining_inputs(const TaskLedger& ledger, const CorpusFacts& corpus,
                                 rpc::TaskSpec& spec) const {
  const config::EncoderConfig& encoder = config_.encoder;
  const auto folder = work_dir_.embeddings(config_);
  const bool ready = encoder.source == config::EncoderSource::kNpy;
  spec.embeddings_digest =
      read<std::string>(*ledger.find(Stage::kEncode, kMerge), "embeddings_digest");
  spec.paths["corpus"] = corpus.folder;
  spec.paths["image_embeddings"] = ready ? encoder.image_embeddings : (folder / "img_emb").string();
  spec.paths["text_embeddings"] = ready ? encoder.text_embeddings : (folder / "text_emb").string();
  spec.paths["quarantine"] = work_dir_.corpus().string();
}

std::vector<NewTask> Pipeline::mine_tasks(const TaskLedger& ledger,
                                          const CorpusFacts& corpus) const {
  std::vector<Range> ranges = cut_(corpus.pairs, config_.mining, 0, config_.mining.task_targets);
  if (const auto noted = noted_later_tasks(work_dir_.mining_task_size())) {
    std::erase_if(ranges, [&](const Range& range) { return range.first >= noted->first; });
  } else if (config_.mining.task_seconds > 0) {
    ranges.resize(std::min<std::uint64_t>(ranges.size(), first_mining_tasks(config_)));
  }
  return mine_ranges(ledger, corpus, ranges);
}

std::uint64_t Pipeline::targets_covered(const TaskLedger& ledger) {
  const auto& tasks = ledger.of_stage(Stage::kMine);
  if (tasks.empty()) return 0;
  const TaskRecord& last = ledger.task(tasks.back());
  const rpc::TaskSpec spec = rpc::task_spec_from_json(last.spec, last.name);
  // The merge task comes after all others.
  return last.name == kMerge ? spec.pairs : spec.first + spec.count;
}

std::optional<LaterTasks> Pipeline::later_mining(const TaskLedger& ledger) const {
  const std::uint64_t covered = targets_covered(ledger);
  if (covered == 0) return std::nullopt;
  const std::uint64_t left = corpus_of(ledger).pairs - covered;
  if (left == 0) return std::nullopt;
  if (auto noted = noted_later_tasks(work_dir_.mining_task_size())) return noted;
  // Few: only the first tasks are there.
  for (const TaskId id : ledger.of_stage(Stage::kMine)) {
    const TaskRecord& task = ledger.task(id);
    if (task.state != TaskState::kDone) continue;
    // A result that was taken over from disk does not say its rate.
    const auto result = result_of(task);
    const auto found = result.find("targets_per_second");
    const bool known = found != result.end() && found->is_number();
    return LaterTasks{
        covered, later_task_targets(config_, left,
                                    known ? std::optional(found->get<double>()) : std::nullopt)};
  }
  return std::nullopt;
}

std::vector<NewTask> Pipeline::later_mine_tasks(const TaskLedger& ledger) const {
  const auto later = later_mining(ledger);
  if (!later) return {};
  const CorpusFacts corpus = corpus_of(ledger);
  auto tasks = mine_ranges(
      ledger, corpus, cut_(corpus.pairs, config_.mining, targets_covered(ledger), later->targets));
  for (NewTask& task : tasks) tell_corpus(corpus, task.spec);
  return tasks;
}

std::vector<NewTask> Pipeline::mine_ranges(const TaskLedger& ledger, const CorpusFacts& corpus,
                                           const std::vector<Range>& ranges) const {
  std::vector<NewTask> tasks;
  for (const Range range : ranges) {
    NewTask& task = tasks.emplace_back();
    task.spec = base(Stage::kMine, "range", range_name(range.first));
    task.spec.first = range.first;
    task.spec.count = range.count;
    add_mining_inputs(ledger, corpus, task.spec);
    task.units = range.count;
  }
  return tasks;
}

std::vector<NewTask> Pipeline::train_tasks(const TaskLedger& ledger,
                                           const CorpusFacts& corpus) const {
  const TaskRecord& encoded = *ledger.find(Stage::kEncode, kMerge);
  std::vector<NewTask> tasks;
  for (std::uint32_t repeat = 0; repeat < config_.train.repeats; ++repeat) {
    const std::uint64_t seed = config_.train.seed + repeat;
    NewTask& task = tasks.emplace_back();
    task.spec = base(Stage::kTrain, "whole", cat("seed-", seed));
    task.spec.seed = seed;
    auto& paths = task.spec.paths;
    paths["corpus"] = corpus.folder;
    if (corpus.locked_towers) {
      paths["features"] = work_dir_.features().string();
      task.spec.features_digest = read<std::string>(encoded, "features_digest");
    }
    paths["quarantine"] = work_dir_.corpus().string();
    if (runs(Stage::kMine)) {
      paths["hard_pairs"] = work_dir_.hard_pairs().string();
      paths["remined"] = work_dir_.remined(config_.train, seed).string();
    }
    paths["feature_cache"] = work_dir_.feature_cache(config_.encoder).string();
    paths["checkpoints"] = work_dir_.checkpoints(config_.train, seed).string();
    paths["metrics"] = work_dir_.metrics().string();
    paths["events"] = work_dir_.events(config_.train, seed).string();
    paths["model"] = work_dir_.model(config_.train, seed).string();
    // Trainings may be given in epochs, whose steps only the trainer knows; progress then comes
    // with the heartbeats.
    task.units = config_.train.steps > 0 ? config_.train.steps : 1;
  }
  return tasks;
}

std::vector<NewTask> Pipeline::eval_tasks(const CorpusFacts&) const {
  std::vector<std::pair<std::string, std::string>> weights;  // label, folder
  if (config_.eval.evaluate_init && config_.model.init != "random") {
    weights.emplace_back("init", config_.model.init);
  }
  for (std::uint32_t repeat = 0; repeat < config_.train.repeats; ++repeat) {
    const std::uint64_t seed = config_.train.seed + repeat;
    weights.emplace_back(cat("seed-", seed), work_dir_.model(config_.train, seed).string());
  }
  std::vector<NewTask> tasks;
  for (const auto& [label, folder] : weights) {
    for (std::uint64_t i = 0; i < config_.eval.datasets.size(); ++i) {
      NewTask& task = tasks.emplace_back();
      task.spec = base(Stage::kEval, "whole",
                       cat(label, "-", i, "-", plain(config_.eval.datasets[i].name)));
      task.spec.weights = label;
      task.spec.dataset = i;
      task.spec.paths["model"] = folder;
      task.spec.paths["feature_cache"] = work_dir_.feature_cache(config_.encoder).string();
    }
  }
  return tasks;
}

std::vector<rpc::TaskInput> Pipeline::inputs_of(const TaskLedger& ledger, Stage stage) const {
  std::vector<rpc::TaskInput> inputs;
  for (const TaskId id : ledger.of_stage(stage)) {
    const TaskRecord& task = ledger.task(id);
    if (task.name == kMerge || task.state != TaskState::kDone) continue;
    const rpc::TaskSpec spec = rpc::task_spec_from_json(task.spec, task.name);
    rpc::TaskInput& input = inputs.emplace_back();
    input.task = task.name;
    input.first = spec.first;
    input.count = spec.count;
    input.file = (work_dir_.tasks(stage) / task.result.file).string();
    input.sha256 = task.result.sha256;
    input.result = task.result.result;
  }
  return inputs;
}

NewTask Pipeline::merge_task(const TaskLedger& ledger, Stage stage) const {
  const CorpusFacts corpus = corpus_of(ledger);
  NewTask task{base(stage, kMerge, kMerge), 0};
  tell_corpus(corpus, task.spec);
  auto& paths = task.spec.paths;
  paths["inputs"] = (work_dir_.tasks(stage) / "merge-inputs.jsonl").string();
  switch (stage) {
    case Stage::kEncode:
      paths["corpus"] = corpus.folder;
      if (config_.encoder.source != config::EncoderSource::kNpy) {
        paths["embeddings"] = work_dir_.embeddings(config_).string();
      }
      paths["quarantine"] = work_dir_.corpus().string();
      if (corpus.locked_towers) paths["features"] = work_dir_.features().string();
      break;
    case Stage::kMine:
      add_mining_inputs(ledger, corpus,
                        task.spec);  // to measure the recall of an approximate miner
      paths["hard_pairs"] = work_dir_.hard_pairs().string();
      break;
    default:
      paths["results"] = work_dir_.tasks(stage).string();
      paths["results_file"] = work_dir_.results().string();
      break;
  }
  return task;
}

}  // namespace helip::coordinator
