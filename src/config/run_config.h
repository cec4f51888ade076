// The configuration of a job: typed sections with their defaults. parse.h reads it from YAML; a
// class takes its own section, not the whole. Names are OpenCLIP's (train) and
// sentence-transformers' (mining) where they have one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace helip::config {

// The image-text pairs.
struct CorpusConfig {
  // Corpus folder with manifest.json, or WebDataset tars ({00000..00331}.tar, a::b), CSV/TSV or a
  // folder.
  std::string path;
  // Field of a sample's .json that holds the caption where there is no .txt.
  std::string caption_key = "caption";
  // How to read a table (CSV or TSV), by OpenCLIP's names: its separator, one character or "tab",
  // and the columns of image paths (relative to the table) and captions.
  std::string csv_separator = "auto";
  std::string csv_img_key = "filepath";
  std::string csv_caption_key = "title";
  // Share of the samples that may be unusable; with more the job fails.
  double max_quarantined = 0.05;
  // Pixels of an image; larger ones are quarantined.
  std::uint64_t max_pixels = 64'000'000;
  // Bytes of an encoded image; larger ones are quarantined.
  std::uint64_t max_image_bytes = 64ULL << 20;

  bool operator==(const CorpusConfig&) const = default;
};

// The model that is tuned.
struct ModelConfig {
  // Name in configs/models (ViT-B-16, RN50, SLIP_VITB16), OpenCLIP model JSON, or folder with
  // helip_model.json (locked towers, a SLIP model).
  std::string architecture;
  // random | model folder | checkpoint of a work directory | .safetensors | .pt.
  std::string init = "random";
  // Seed of random initial weights.
  std::uint64_t init_seed = 0;
  // TorchScript towers carry code; they are loaded only with true.
  bool trust_torchscript = false;
  // Vocabulary file; empty: the one installed with HELIP (bpe_simple_vocab_16e6.txt.gz).
  std::string tokenizer;
  // Name in results and folders; empty: from architecture.
  std::string name;

  bool operator==(const ModelConfig&) const = default;
};

// Embeddings used for mining.
struct EncoderConfig {
  // model: the model's embeddings | towers: its frozen towers' own features | npy: embeddings that
  // were made elsewhere.
  std::string source = "model";
  // Another model that encodes, with the keys of `model`; null: the model being tuned.
  std::optional<ModelConfig> model;
  // Used with source npy: a clip-retrieval folder (img_emb, text_emb), a folder of .npy parts, or
  // one .npy. Each holds one row for each pair, in the corpus's order.
  std::string image_embeddings;
  std::string text_embeddings;
  // Samples per forward; the last batch is padded, so results do not depend on task cuts.
  std::uint32_t batch_size = 64;
  // Samples per encode task; a multiple of batch_size.
  std::uint32_t task_samples = 512;
  // Folder that keeps frozen towers' features between jobs; empty: WORK/cache.
  std::string feature_cache;

  bool operator==(const EncoderConfig&) const = default;
};

// Hard Pair Mining (paper Sec. 3.2, Eq. 5).
struct MiningConfig {
  // exact (HPM) | fast (FastHPM) | index (approximate, with a measured recall).
  std::string method = "exact";
  // k (public code: 50).
  std::uint32_t hard_pairs_per_target = 50;
  // C, candidates of FastHPM.
  std::uint64_t pool_size = 30000;
  // Targets that share one FastHPM pool (public code: 300,000).
  std::uint64_t pool_refresh_targets = 300000;
  // tau, similarity floor of images, >= 0.
  double image_floor = 0;
  // tau, similarity floor of texts, >= 0.
  double text_floor = 0;
  // Pairs more similar than this in either modality are duplicates.
  double duplicate_ceiling = 0.98;
  // product (paper: image times text cosine) | image | text: what a score is made of. Floors and
  // ceiling hold for both modalities whatever it is.
  std::string metric = "product";
  // Hard pairs score at least this; 0: all of them. Outliers are decided before this and the four
  // filters that follow.
  double min_score = 0;
  // Hard pairs score at most this; 1: all of them.
  double max_score = 1;
  // Drop j if sim(I_i,T_j) > sim(I_i,T_i) - this; null: off. Both margins need a joint space.
  std::optional<double> absolute_margin;
  // Drop j if sim(I_i,T_j) > (1 - this)·sim(I_i,T_i); null: off.
  std::optional<double> relative_margin;
  // The most targets that may list the same hard pair; the pair stays with its best targets. Rows
  // refill from 2k. 0: off.
  std::uint32_t hub_cap = 0;
  // Seeds FastHPM's pools, the index's clusters and directions, and the samples that recall is
  // tuned and measured on.
  std::uint64_t seed = 0;
  // auto (lists if index_lists or index_probes is set, else what takes fewer products on a sample)
  // | lists (clusters) | short (leading principal directions): how the index miner finds
  // candidates.
  std::string index = "auto";
  // Lists that the index miner groups the pairs into; 0: about 2·sqrt(N).
  std::uint32_t index_lists = 0;
  // Lists that a target is compared with; 0: as few as reach index_recall on a sample.
  std::uint32_t index_probes = 0;
  // Recall of the hard pairs that the index miner aims at.
  double index_recall = 0.99;
  // Targets of a mining task, in one pool. The first tasks, two for each worker, measure the rate;
  // later ones are as much larger as task_seconds allow, 0: not at all.
  std::uint32_t task_targets = 4096;
  double task_seconds = 60;
  // Folder on a local disk for the 8-bit copies of the embeddings, whose pages the system may then
  // write out; empty: they are in memory.
  std::string scratch;
  // Instruction set that the miner's screen uses: auto (the widest of this machine) | amx |
  // avx512vnni | avx2 | portable. The result does not depend on it.
  std::string instruction_set = "auto";

  bool operator==(const MiningConfig&) const = default;
};

// Data-parallel fine-tuning (Sec. 3.3).
struct TrainConfig {
  // mined | random (random partners) | none (all pairs of the batch are seeds: the control).
  std::string hard_pairs = "mined";
  // S.
  std::uint32_t seeds_per_batch = 8;
  // p; the global batch has M = S(1+p) pairs, also for none.
  std::uint32_t hard_pairs_per_seed = 3;
  // Partners are drawn from ranks range_min up to, not including, range_max of a mined row; ranks
  // count from 0, so range_min is also the number of hardest pairs that are left out.
  std::uint32_t range_min = 0;
  // 0: to the end of the row.
  std::uint32_t range_max = 0;
  // random (without replacement, as in the paper) | top (the first of them).
  std::string sampling_strategy = "random";
  // Passes over the suitable targets; give epochs or steps, not both.
  double epochs = 0;
  // Optimizer steps.
  std::uint64_t steps = 0;
  // Peak learning rate.
  double lr = 1e-4;
  // cosine | const | const-cooldown.
  std::string lr_scheduler = "cosine";
  // Cosine decay ends at lr times this.
  double lr_end_fraction = 0;
  // Used with const-cooldown: lr falls to lr_cooldown_end in the last epochs_cooldown passes over
  // the seeds, as a polynomial of power lr_cooldown_power.
  double epochs_cooldown = 0;
  double lr_cooldown_end = 0;
  double lr_cooldown_power = 1;
  // Linear warm-up steps.
  std::uint64_t warmup = 0;
  // Steps before that in which only the optimizer's moments change, so that a checkpoint without
  // them meets no step of a cold optimizer.
  std::uint64_t optimizer_warmup = 0;
  // Share of the tuned weights in the result, the rest are the initial ones (WiSE-FT, arXiv
  // 2109.01903); 1: off.
  double wise_ft = 1;
  // AdamW; the defaults of the three are OpenCLIP's for ViT.
  double beta1 = 0.9;
  double beta2 = 0.98;
  double eps = 1e-6;
  // Weight decay, not on 1-D parameters and logit_scale.
  double wd = 0.2;
  // 0: no clipping.
  double grad_clip_norm = 0;
  // fp32 | amp_bf16 | amp (float16, GPU).
  std::string precision = "fp32";
  // Parts in which a rank's rows pass through the towers, with the gradient of the whole batch.
  std::uint32_t accum_freq = 1;
  // Keep the inputs of transformer blocks alone and compute the rest again in backward.
  bool grad_checkpointing = false;
  // Keep a tower as it is, except its last layer groups (blocks, projection); the number says how
  // many groups are trained.
  bool lock_image = false;
  std::uint32_t lock_image_unlocked_groups = 0;
  bool lock_text = false;
  std::uint32_t lock_text_unlocked_layers = 0;
  // A layer group's learning rate is lr times this for each group behind it; 1: all the same.
  double layer_decay = 1;
  // Seeds the order of pairs, draws, augmentation and dropout.
  std::uint64_t seed = 1;
  // Trainings with seeds seed, seed+1, …; results are mean and std over them.
  std::uint32_t repeats = 1;
  // Steps between checkpoints.
  std::uint64_t checkpoint_steps = 500;
  // Newest complete ones that stay.
  std::uint32_t keep_checkpoints = 2;
  // Those of steps that are multiples of it stay for ever; a multiple of checkpoint_steps. 0: none.
  std::uint64_t keep_checkpoint_every = 0;
  // Steps between lines of metrics.jsonl.
  std::uint64_t log_steps = 20;
  // Rank 0 times each step whose number is a multiple of this layer by layer, for
  // layer_times.jsonl. On a GPU a timed step takes longer. 0: never.
  std::uint64_t time_layers_every = 0;
  // RandomResizedCrop(crop_scale–1.0) on pixels, as OpenCLIP; no effect on cached features.
  bool augment = true;
  // A random crop has at least this share of the image's area (OpenCLIP 0.9, SLIP 0.5).
  double crop_scale = 0.9;
  // Augmented JPEGs are decoded at 1/2, 1/4 or 1/8 where that leaves the crop as many pixels as the
  // model sees. Not OpenCLIP's pixels, but close and faster; evaluation and embeddings never do it.
  bool decode_scaled = false;
  // Probability that a caption word is left out while training from text.
  double word_dropout = 0;
  // Decoding threads per rank.
  std::uint32_t loader_threads = 1;
  // Steps between comparisons of the ranks' digests of their weights. Ranks that have drifted apart
  // end the job. 0: never.
  std::uint64_t fingerprint_steps = 100;
  // Each rank keeps AdamW's moments of its share of the parameters alone and sends the others what
  // it updates (ZeRO stage 1): 8 bytes a parameter x (1 - 1/ranks) less on a rank. Same bits; each
  // checkpoint waits until rank 0's CPU memory has all moments.
  bool shard_optimizer = false;
  // A collective that takes longer ends the process.
  double collective_timeout_seconds = 60;

  bool operator==(const TrainConfig&) const = default;
};

// Mining again while training, with the weights of that time.
struct RemineConfig {
  // A table is requested at each step that is a multiple of this; 0: not by steps. No request is
  // made while a table waits for its turn.
  std::uint64_t every_steps = 0;
  // Epochs between requests, which are made at the beginning of an epoch; 0: not by epochs. Give
  // one of the two.
  std::uint64_t every_epochs = 0;
  // A table mined with the weights of step r is drawn from since the first epoch that begins at
  // step r + lag_steps or later.
  std::uint64_t lag_steps = 0;
  // The number of launcher.workers that mine and do not train. The others train meanwhile, and wait
  // if the table is not ready in time (give lag_steps). 0: the training's ranks pause and mine.
  std::uint32_t workers = 0;

  bool operator==(const RemineConfig&) const = default;
};

// Ends training when zero-shot accuracy on held-out images falls; the model is then the one of the
// best score.
struct EarlyStopConfig {
  // A folder in clip_benchmark's layout; empty: training runs to its end and nothing is scored.
  std::string dataset;
  // Folder of the split that is scored: not the one that results are reported on.
  std::string split = "validation";
  // Steps between scores. Rank 0 makes them while the others wait.
  std::uint64_t every_steps = 500;
  // A score below the best one by more than this is a fall (of acc1, 0 to 1).
  double tolerance = 0;
  // Falls in a row that end training.
  std::uint32_t patience = 2;

  bool operator==(const EarlyStopConfig&) const = default;
};

// Losses (Eq. 6, Eq. 7).
struct LossConfig {
  // gamma, weight of the hard negative margin loss; 0 turns it off.
  double margin_weight = 25;
  // Factor on the cosines inside the margin loss.
  double margin_scale = 1;
  // True: no gradient through the minimum over the hard pairs.
  bool margin_detach = false;
  // image (image to text, as in the paper) | both.
  std::string margin_direction = "image";
  // Rows of one duplicate group are not negatives of each other.
  bool mask_duplicates = true;

  bool operator==(const LossConfig&) const = default;
};

// The self-supervised term of models with SLIP's head (SLIP, arXiv 2112.12750): two more views of
// each image go through the image tower and are told from all others (SimCLR). Other models have no
// such term, and refuse any change here.
struct SlipConfig {
  // Weight of the term (SLIP: 1); 0 turns it off and leaves the head as it is.
  double ssl_weight = 1;
  // Temperature of the term's softmax (SLIP: 0.1).
  double ssl_temperature = 0.1;
  // seeds | all (SLIP: every image of the batch): whose views are compared.
  std::string ssl_on = "seeds";

  bool operator==(const SlipConfig&) const = default;
};

// One evaluation data set in clip_benchmark layout.
struct EvalDataset {
  std::string name;
  std::string path;
  // zero_shot | retrieval | linear_probe.
  std::vector<std::string> tasks;
  // Folder of the split that is scored; linear_probe trains on `train`.
  std::string split = "test";

  bool operator==(const EvalDataset&) const = default;
};

struct EvalConfig {
  std::vector<EvalDataset> datasets;
  std::uint32_t batch_size = 64;
  std::vector<std::uint32_t> recall_k = {1, 5, 10};
  // L2 weight of the linear probe, on the mean loss.
  double probe_l2 = 1e-3;
  // Also score the checkpoint before tuning (model.init is a path).
  bool evaluate_init = true;

  bool operator==(const EvalConfig&) const = default;
};

struct CoordinatorConfig {
  // Port 0: a free one.
  std::string listen = "127.0.0.1:0";
  // Allow other than loopback without mTLS.
  bool insecure_network = false;
  double heartbeat_seconds = 5;
  // A lease without an acknowledged heartbeat for so long is granted again.
  double lease_seconds = 30;
  // Attempts at one task before the job fails.
  std::uint32_t max_attempts = 4;

  bool operator==(const CoordinatorConfig&) const = default;
};

struct LauncherConfig {
  // mpirun | none.
  std::string kind = "mpirun";
  // Ranks in all.
  std::uint32_t workers = 2;
  // Fixed, so that results do not depend on the number of workers.
  std::uint32_t threads_per_worker = 1;
  // auto | cpu | cuda (device of a rank: its local rank).
  std::string device = "auto";
  // Restarts of a failed training launch.
  std::uint32_t max_restarts = 3;
  // host:slots,…; empty: this machine, or the Slurm allocation.
  std::string hosts;
  // Further arguments of mpirun.
  std::vector<std::string> mpirun_args;

  bool operator==(const LauncherConfig&) const = default;
};

struct OutputConfig {
  std::string work_dir = "work";
  bool report = true;
  // Targets shown in the report's gallery.
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
