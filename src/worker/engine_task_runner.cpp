#include "worker/engine_task_runner.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/corpus/corpus.h"
#include "data/corpus/manifest.h"
#include "data/corpus/reason_count.h"
#include "data/import/open_or_index.h"
#include "engine/engine.h"
#include "eval/results.h"
#include "mining/encode/job_digest.h"
#include "mining/encode/merge_embeddings.h"
#include "mining/encode/ready_rows.h"
#include "mining/mining_job.h"
#include "mining/pairs/embedding_files.h"
#include "model/files/model_files.h"
#include "report/report.h"
#include "worker/merge_inputs.h"
#include "worker/table_requests.h"
#include "worker/train_task.h"

namespace helip::worker {
namespace {

using nlohmann::json;

class EngineTaskRunner final : public TaskRunner {
 public:
  EngineTaskRunner(config::RunConfig config, Rank rank, const std::filesystem::path& work_dir)
      : config_(std::move(config)),
        rank_(std::move(rank)),
        exchange_(exchange_folder(work_dir, rank_)),
        requests_(exchange_) {}

  [[nodiscard]] std::string device() override { return device_; }

  TaskOutcome run(const rpc::TaskSpec& spec, const std::filesystem::path& partial,
                  const TaskHooks& hooks) override {
    const bool merge = spec.kind == "merge";
    switch (spec.stage) {
      case rpc::Stage::kIndex:
        return index(spec, hooks);
      case rpc::Stage::kEncode:
        return merge ? merge_encoded(spec, hooks) : encode(spec, partial, hooks);
      case rpc::Stage::kMine:
        return merge ? merge_mined(spec, partial, hooks) : mine(spec, partial, hooks);
      case rpc::Stage::kEval:
        return merge ? merge_results(spec, hooks) : evaluate(spec, hooks);
      case rpc::Stage::kReport:
        hooks.progress(0, 1);
        report::write_report(spec.path("work_dir"));
        return outcome(json::object());
      case rpc::Stage::kTrain:
        break;
    }
    throw CommError({.what = "a training was leased outside of a group", .where = spec.name});
  }

  [[nodiscard]] bool mines_apart() const override { return worker::mines_apart(config_, rank_); }

  std::unique_ptr<comm::Group> open_group() override {
    // Launches by hand may have names that were there before. Nobody asks before all have opened.
    if (rank_.rank == 0) std::filesystem::remove_all(exchange_);
    const double timeout = config_.train.collective_timeout_seconds;
    const std::string device = open_engine();
    if (mines_apart()) return engine::engine().open_group("mpi", "cpu", timeout, /*part=*/1);
    const std::string backend = rank_.size == 1              ? "local"
                                : device.starts_with("cuda") ? "nccl"
                                                             : "mpi";
    return engine::engine().open_group(backend, device, timeout, /*part=*/0);
  }

  bool mine_for_training(comm::Group& group, const TaskHooks& hooks) override {
    encoder_.reset();
    miner_.reset();
    return worker::mine_for_training(exchange_,
                                     {.config = config_,
                                      .rank = rank_,
                                      .device = open_engine(),
                                      .should_stop = hooks.should_stop},
                                     group);
  }

  void end_training(bool stopped) override {
    if (config_.remine.workers > 0) requests_.end(stopped);
  }

  TaskOutcome train(const rpc::TaskSpec& spec, comm::Group& group, const TaskHooks& hooks) override;

 private:
  static TaskOutcome outcome(const json& result) {
    TaskOutcome done;
    done.result = result.dump();
    return done;
  }

  static std::vector<mining::TaskResult> range_results(const rpc::TaskSpec& spec) {
    std::vector<mining::TaskResult> results;
    for (const rpc::TaskInput& input : read_merge_inputs(spec)) {
      mining::TaskResult& result = results.emplace_back();
      result.range.first = input.first;
      result.range.count = input.count;
      result.file = input.file;
    }
    return results;
  }

  // Loads the engine, once; returns the device of this rank.
  const std::string& open_engine() {
    if (!device_.empty()) return device_;
    const engine::Engine& table = engine::engine();
    table.set_threads(static_cast<int>(config_.launcher.threads_per_worker));
    device_ = choose_device(config_.launcher.device, rank_.local_rank, table.info().cuda_devices);
    log::info(cat("device ", device_, ", ", config_.launcher.threads_per_worker, " threads"));
    return device_;
  }

  // Before the corpus is opened for a task: it must be the one that was indexed.
  static void expect_corpus(const rpc::TaskSpec& spec) {
    const auto file = spec.path("corpus") / "manifest.json";
    const std::string found = data::read_manifest(file).fingerprint;
    if (found == spec.corpus_fingerprint) return;
    throw DataError({.what = "the corpus is another one than when this job began",
                     .where = file.string(),
                     .expected = cat("fingerprint ", spec.corpus_fingerprint),
                     .found = found});
  }

  // What a task is to read must be what encode wrote: a table names its embeddings' digest.
  static void expect_arrays(const std::string& what, const std::filesystem::path& images,
                            const std::filesystem::path& texts, const std::string& expected) {
    const std::string found = mining::embeddings_digest(images, texts);
    if (found == expected) return;
    throw DataError({.what = cat("the ", what, " are not those that encode wrote"),
                     .where = images.string(),
                     .expected = cat("digest ", expected),
                     .found = found});
  }

  // Before the initial model is loaded for a task: one job must not mix two models.
  void expect_model(const rpc::TaskSpec& spec) const {
    const std::string found = mining::job_digest(config_);
    if (found == spec.model_digest) return;
    throw ConfigError(
        {.what = "the initial model or the encoder is another one than when this job began",
         .where = cat("model.architecture ", config_.model.architecture, ", model.init ",
                      config_.model.init),
         .expected = cat("digest ", spec.model_digest),
         .found = found});
  }

  TaskOutcome index(const rpc::TaskSpec& spec, const TaskHooks& hooks) {
    const auto folder = std::filesystem::absolute(
        data::open_or_index(config_.corpus, spec.path("index"), hooks.progress));
    // The report, and tools that read a work directory, find the corpus by this.
    publish_file(spec.path("index") / "location.txt", folder.string() + "\n");
    const data::CorpusManifest manifest = data::read_manifest(folder / "manifest.json");
    data::refuse_too_many(manifest.pairs, config_.corpus.max_quarantined, folder);
    tell_irregular(folder);
    const auto source =
        model::find_architecture(config_.model.architecture, model::installed_models());
    return outcome({{"pairs", manifest.pairs},
                    {"fingerprint", manifest.fingerprint},
                    {"corpus", folder.string()},
                    {"model_digest", mining::job_digest(config_)},
                    {"locked_towers", model::trained_on_features(source)}});
  }

  TaskOutcome encode(const rpc::TaskSpec& spec, const std::filesystem::path& partial,
                     const TaskHooks& hooks) {
    if (encoder_ == nullptr) {
      expect_corpus(spec);
      expect_model(spec);
      const std::string& device = open_engine();
      encoder_ = engine::engine().open_encode_session(config_, spec.path("corpus"),
                                                      spec.path("feature_cache"), device);
    }
    const mining::EncodeReport report = encoder_->encode(
        spec.first, spec.count, partial, rpc::result_metadata(spec), hooks.progress);
    TaskOutcome done = outcome({{"samples", report.samples}, {"quarantined", report.quarantined}});
    done.sha256 = report.sha256;
    return done;
  }

  // What is no pair has no place in the quarantine.
  static void tell_irregular(const std::filesystem::path& folder) {
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

  TaskOutcome merge_encoded(const rpc::TaskSpec& spec, const TaskHooks& hooks) const {
    const bool ready = config_.encoder.source == config::EncoderSource::kNpy;
    mining::EncodeOutput output;
    if (!ready) output.embeddings = spec.path("embeddings");
    output.quarantine = spec.path("quarantine");
    if (spec.paths.contains("features")) output.features = spec.path("features");
    mining::EncodeSummary merged =
        mining::merge_embeddings(range_results(spec), spec.pairs, output, hooks.progress);
    data::refuse_too_many(spec.pairs, config_.corpus.max_quarantined, spec.path("corpus"),
                          output.quarantine / "quarantine.jsonl");
    if (ready) {
      const mining::ReadyRows embeddings = mining::ready_embeddings(config_.encoder);
      merged.image_dim = embeddings.image_dim();
      merged.embeddings_digest = mining::embeddings_digest(config_.encoder.image_embeddings,
                                                           config_.encoder.text_embeddings);
    }
    return outcome({{"dim", merged.image_dim},
                    {"quarantined", merged.quarantined},
                    {"embeddings_digest", merged.embeddings_digest},
                    {"features_digest", merged.features_digest}});
  }

  void open_miner(const rpc::TaskSpec& spec) {
    if (miner_) return;
    // The model is not needed any more, and the embeddings want the room.
    encoder_.reset();
    expect_corpus(spec);
    mining::MiningInput input;
    input.image_embeddings = spec.path("image_embeddings");
    input.text_embeddings = spec.path("text_embeddings");
    expect_arrays("embeddings", input.image_embeddings, input.text_embeddings,
                  spec.embeddings_digest);
    input.duplicate_groups = spec.path("corpus");
    input.quarantine = spec.path("quarantine");
    const mining::MiningDevice device =
        mining::mining_device(config_.launcher.device, rank_.local_rank, config_.mining);
    miner_.emplace(input, config_.mining, config_.launcher.threads_per_worker, 1, device);
    log::info(cat("mining on ", miner_->device()));
  }

  TaskOutcome mine(const rpc::TaskSpec& spec, const std::filesystem::path& partial,
                   const TaskHooks& hooks) {
    open_miner(spec);
    const double began = monotonic_seconds();
    const std::string sha256 = miner_->mine_to_file(spec.first, spec.count, partial,
                                                    rpc::result_metadata(spec), hooks.progress);
    const double rate = static_cast<double>(spec.count) / (monotonic_seconds() - began);
    TaskOutcome done = outcome({{"targets", spec.count}, {"targets_per_second", rate}});
    done.sha256 = sha256;
    return done;
  }

  TaskOutcome merge_mined(const rpc::TaskSpec& spec, const std::filesystem::path& partial,
                          const TaskHooks& hooks) {
    mining::TableProvenance provenance;
    provenance.corpus_fingerprint = spec.corpus_fingerprint;
    provenance.config_digest = spec.config_digest;
    provenance.embeddings_digest = spec.embeddings_digest;
    if (config_.mining.method != config::MiningMethod::kExact) {
      open_miner(spec);
      provenance.recall = miner_->recall();
    }
    const auto folder = spec.path("hard_pairs");
    hooks.progress(0, 1);
    // Beside the table that a former attempt may have left; the partial's name holds the fence.
    const std::filesystem::path built = cat(folder.string(), ".", partial.stem().string());
    std::filesystem::remove_all(built);
    mining::merge_into_table(range_results(spec), spec.pairs, config_.mining, 1, provenance, built);
    replace_folder(built, folder, hooks);
    return outcome(
        {{"pairs", spec.pairs}, {"hard_pairs_per_target", config_.mining.hard_pairs_per_target}});
  }

  // Gives `built` the name of `folder`, if the lease is still held, and removes what attempts that
  // died have left beside it.
  static void replace_folder(const std::filesystem::path& built,
                             const std::filesystem::path& folder, const TaskHooks& hooks) {
    const std::filesystem::path former = built.string() + ".former";
    try {
      hooks.progress(0, 1);
    } catch (...) {
      std::filesystem::remove_all(built);
      throw;
    }
    if (std::filesystem::exists(folder)) std::filesystem::rename(folder, former);
    publish_folder(built, folder);
    const std::string siblings = folder.filename().string() + ".";
    for (const auto& entry : std::filesystem::directory_iterator(folder.parent_path())) {
      if (entry.path().filename().string().starts_with(siblings)) {
        std::filesystem::remove_all(entry.path());
      }
    }
  }

  TaskOutcome evaluate(const rpc::TaskSpec& spec, const TaskHooks& hooks) {
    if (spec.dataset >= config_.eval.datasets.size()) {
      throw StoreError({.what = "a task names a data set that is not configured",
                        .where = spec.name,
                        .found = cat(spec.dataset)});
    }
    encoder_.reset();
    miner_.reset();
    if (spec.weights == "init") expect_model(spec);
    eval::EvalSpec job;
    job.model = config_.model;
    job.model.init = spec.path("model").string();
    job.dataset = config_.eval.datasets[spec.dataset];
    job.options = config_.eval;
    job.pretrained = spec.weights;
    job.feature_cache = spec.path("feature_cache");
    job.device = open_engine();
    const auto results = engine::engine().run_eval_job(job, hooks.progress);
    return outcome({{"results", json::parse(eval::to_json(results))}});
  }

  static TaskOutcome merge_results(const rpc::TaskSpec& spec, const TaskHooks& hooks) {
    std::vector<eval::EvalResult> all;
    for (const rpc::TaskInput& input : read_merge_inputs(spec)) {
      const auto results = json::parse(input.result).at("results").dump();
      for (auto& result : eval::results_from_json(results, input.task)) {
        all.push_back(std::move(result));
      }
    }
    hooks.progress(0, 1);
    eval::write_results(spec.path("results_file"), all);
    return outcome({{"entries", all.size()}});
  }

  const config::RunConfig config_;
  const Rank rank_;
  const std::filesystem::path exchange_;
  const TableRequests requests_;
  std::string device_;
  std::unique_ptr<mining::EncodeSession> encoder_;
  std::optional<mining::MiningSession> miner_;
};

TaskOutcome EngineTaskRunner::train(const rpc::TaskSpec& spec, comm::Group& group,
                                    const TaskHooks& hooks) {
  encoder_.reset();
  miner_.reset();
  expect_corpus(spec);
  expect_model(spec);
  if (const auto features = spec.paths.find("features");
      group.rank() == 0 && features != spec.paths.end()) {
    const std::filesystem::path folder(features->second);
    expect_arrays("features", folder / "image_features.npy", folder / "text_features.npy",
                  spec.features_digest);
  }
  return run_training({.config = config_,
                       .spec = spec,
                       .device = open_engine(),
                       .local_rank = rank_.local_rank,
                       .requests = requests_},
                      group, hooks);
}

}  // namespace

std::unique_ptr<TaskRunner> make_engine_task_runner(const config::RunConfig& config,
                                                    const Rank& rank,
                                                    const std::filesystem::path& work_dir) {
  return std::make_unique<EngineTaskRunner>(config, rank, work_dir);
}

std::string choose_device(config::DeviceChoice asked, std::uint32_t local_rank, int cuda_devices) {
  using config::DeviceChoice;
  if (asked == DeviceChoice::kCpu || (asked == DeviceChoice::kAuto && cuda_devices == 0))
    return "cpu";
  if (cuda_devices == 0) {
    throw ConfigError({.what = "no GPU for this rank",
                       .where = "launcher.device",
                       .expected = "a CUDA device",
                       .found = "none"});
  }
  return cat("cuda:", local_rank % static_cast<std::uint32_t>(cuda_devices));
}

}  // namespace helip::worker
