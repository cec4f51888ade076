// The configuration of a job: typed sections with their defaults. config/fields.h says what each
// key means and which values it takes; parse.h reads it from YAML. A class takes its own section,
// not the whole configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/choices.h"

namespace helip::config {

// The image-text pairs.
struct CorpusConfig {
  std::string path;
  std::string caption_key = "caption";
  std::string csv_separator = "auto";
  std::string csv_img_key = "filepath";
  std::string csv_caption_key = "title";
  double max_quarantined = 0.05;
  std::uint64_t max_pixels = 64'000'000;
  std::uint64_t max_image_bytes = 64ULL << 20;

  bool operator==(const CorpusConfig&) const = default;
};

// The model that is tuned.
struct ModelConfig {
  std::string architecture;
  std::string init = "random";
  std::uint64_t init_seed = 0;
  bool trust_torchscript = false;
  std::string tokenizer;
  std::string name;

  bool operator==(const ModelConfig&) const = default;
};

// Embeddings used for mining.
struct EncoderConfig {
  EncoderSource source = EncoderSource::kModel;
  std::optional<ModelConfig> model;
  std::string image_embeddings;
  std::string text_embeddings;
  std::uint32_t batch_size = 64;
  std::uint32_t task_samples = 512;
  std::string feature_cache;

  bool operator==(const EncoderConfig&) const = default;
};

// Hard Pair Mining (paper Sec. 3.2, Eq. 5).
struct MiningConfig {
  MiningMethod method = MiningMethod::kExact;
  std::uint32_t hard_pairs_per_target = 50;
  std::uint64_t pool_size = 30000;
  std::uint64_t pool_refresh_targets = 300000;
  double image_floor = 0;
  double text_floor = 0;
  double duplicate_ceiling = 0.98;
  Metric metric = Metric::kProduct;
  double min_score = 0;
  double max_score = 1;
  std::optional<double> absolute_margin;
  std::optional<double> relative_margin;
  std::uint32_t per_group = 0;
  std::uint32_t hub_cap = 0;
  std::uint64_t seed = 0;
  IndexWay index = IndexWay::kAuto;
  std::uint32_t index_lists = 0;
  std::uint32_t index_probes = 0;
  double index_recall = 0.99;
  std::uint32_t task_targets = 4096;
  double task_seconds = 60;
  std::string scratch;
  InstructionSet instruction_set = InstructionSet::kAuto;

  bool operator==(const MiningConfig&) const = default;
};

// Data-parallel fine-tuning (Sec. 3.3).
struct TrainConfig {
  HardPairs hard_pairs = HardPairs::kMined;
  std::uint32_t seeds_per_batch = 8;
  std::uint32_t hard_pairs_per_seed = 3;
  std::uint32_t range_min = 0;
  std::uint32_t range_max = 0;
  SamplingStrategy sampling_strategy = SamplingStrategy::kRandom;
  double epochs = 0;
  std::uint64_t steps = 0;
  std::uint64_t pairs = 0;
  double lr = 1e-4;
  LrScheduler lr_scheduler = LrScheduler::kCosine;
  double lr_end_fraction = 0;
  double epochs_cooldown = 0;
  double lr_cooldown_end = 0;
  double lr_cooldown_power = 1;
  std::uint64_t warmup = 0;
  std::uint64_t optimizer_warmup = 0;
  double wise_ft = 1;
  double beta1 = 0.9;
  double beta2 = 0.98;
  double eps = 1e-6;
  double wd = 0.2;
  double grad_clip_norm = 0;
  PrecisionMode precision = PrecisionMode::kFp32;
  std::uint32_t accum_freq = 1;
  bool grad_checkpointing = false;
  bool lock_image = false;
  std::uint32_t lock_image_unlocked_groups = 0;
  bool lock_text = false;
  std::uint32_t lock_text_unlocked_layers = 0;
  double layer_decay = 1;
  std::uint64_t seed = 1;
  std::uint32_t repeats = 1;
  std::uint64_t checkpoint_steps = 500;
  std::uint32_t keep_checkpoints = 2;
  std::uint64_t keep_checkpoint_every = 0;
  std::uint64_t log_steps = 20;
  std::uint64_t time_layers_every = 0;
  bool augment = true;
  double crop_scale = 0.9;
  bool decode_scaled = false;
  double word_dropout = 0;
  std::uint32_t loader_threads = 1;
  std::uint64_t fingerprint_steps = 100;
  bool shard_optimizer = false;
  double collective_timeout_seconds = 60;

  bool operator==(const TrainConfig&) const = default;
};

// Mining again during training, with the weights that training has reached.
struct RemineConfig {
  std::uint64_t every_steps = 0;
  std::uint64_t every_epochs = 0;
  std::uint64_t lag_steps = 0;
  std::uint32_t workers = 0;

  bool operator==(const RemineConfig&) const = default;
};

// One held-out data set, in clip_benchmark layout, that the model is scored on while it is trained.
struct ScoresDataset {
  std::string name;
  std::string path;
  std::vector<EvalTask> tasks;
  std::string split = "validation";

  bool operator==(const ScoresDataset&) const = default;
};

// Scores of the model on held-out data sets while it is trained.
struct ScoresConfig {
  std::vector<ScoresDataset> datasets;
  std::uint64_t every_steps = 0;
  std::uint64_t every_epochs = 0;

  bool operator==(const ScoresConfig&) const = default;
};

// Early stopping: training ends when one of the scores falls, and the model with the best score is
// kept.
struct EarlyStopConfig {
  std::string metric;
  double tolerance = 0;
  std::uint32_t patience = 2;

  bool operator==(const EarlyStopConfig&) const = default;
};

// Losses (Eq. 6, Eq. 7).
struct LossConfig {
  double margin_weight = 25;
  double margin_scale = 1;
  bool margin_detach = false;
  MarginDirection margin_direction = MarginDirection::kImage;
  bool mask_duplicates = true;

  bool operator==(const LossConfig&) const = default;
};

// The self-supervised term of models with SLIP's head (SLIP, arXiv 2112.12750): two more views of
// each image go through the image tower, and the term tells the views of one image from the views
// of all others (SimCLR). Models without this head refuse any change of these keys.
struct SlipConfig {
  double ssl_weight = 1;
  double ssl_temperature = 0.1;
  SslImages ssl_on = SslImages::kSeeds;

  bool operator==(const SlipConfig&) const = default;
};

// One evaluation data set in clip_benchmark layout.
struct EvalDataset {
  std::string name;
  std::string path;
  std::vector<EvalTask> tasks;
  std::string split = "test";
  std::string validation_split = {};
  std::string source = {};

  bool operator==(const EvalDataset&) const = default;
};

struct EvalConfig {
  std::vector<EvalDataset> datasets;
  std::uint32_t batch_size = 64;
  std::vector<std::uint32_t> recall_k = {1, 5, 10};
  EqualCaptions equal_captions = EqualCaptions::kHits;
  ProbeMethod probe = ProbeMethod::kLbfgs;
  double probe_l2 = 0;
  std::uint32_t fewshot_k = 0;
  std::uint32_t probe_seed = 0;
  bool evaluate_init = true;

  bool operator==(const EvalConfig&) const = default;
};

// A mean over some data sets of a suite.
struct SuiteAverage {
  std::string name;
  std::vector<std::string> datasets;

  bool operator==(const SuiteAverage&) const = default;
};

// Data sets that a model is scored on apart from a job (helip eval --suite).
struct SuiteConfig {
  EvalConfig eval;
  std::vector<SuiteAverage> averages;

  bool operator==(const SuiteConfig&) const = default;
};

struct CoordinatorConfig {
  std::string listen = "127.0.0.1:0";
  bool insecure_network = false;
  double heartbeat_seconds = 5;
  double lease_seconds = 30;
  std::uint32_t max_attempts = 4;

  bool operator==(const CoordinatorConfig&) const = default;
};

struct LauncherConfig {
  LauncherKind kind = LauncherKind::kMpirun;
  std::uint32_t workers = 2;
  std::uint32_t threads_per_worker = 1;
  DeviceChoice device = DeviceChoice::kAuto;
  std::uint32_t max_restarts = 3;
  std::string hosts;
  std::vector<std::string> mpirun_args;

  bool operator==(const LauncherConfig&) const = default;
};

struct OutputConfig {
  std::string work_dir = "work";
  bool report = true;
  std::uint32_t gallery_targets = 24;

  bool operator==(const OutputConfig&) const = default;
};

struct RunConfig {
  CorpusConfig corpus;
  ModelConfig model;
  EncoderConfig encoder;
  MiningConfig mining;
  TrainConfig train;
  RemineConfig remine;
  ScoresConfig scores;
  EarlyStopConfig early_stop;
  LossConfig loss;
  SlipConfig slip;
  EvalConfig eval;
  CoordinatorConfig coordinator;
  LauncherConfig launcher;
  OutputConfig output;

  bool operator==(const RunConfig&) const = default;
};

}  // namespace helip::config
