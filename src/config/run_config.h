// The configuration of a job: typed sections with their defaults. parse.h reads it from YAML; a class takes its own
// section, not the whole. Names are OpenCLIP's (train) and sentence-transformers' (mining) where they have one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace helip::config {

// The image-text pairs.
struct CorpusConfig {
  std::string path;                 // corpus folder with manifest.json, or WebDataset tars ({00000..00331}.tar, a::b), CSV/TSV or a folder
  std::string caption_key = "caption";  // field of a sample's .json that holds the caption where there is no .txt
};

// The model that is tuned.
struct ModelConfig {
  std::string architecture;         // name in configs/models (ViT-B-16), OpenCLIP model JSON, or folder with helip_model.json (locked towers)
  std::string init = "random";      // random | model folder | checkpoint of a work directory | .safetensors
  std::uint64_t init_seed = 0;      // seed of random initial weights
  bool trust_torchscript = false;   // TorchScript towers carry code; they are loaded only with true
  std::string tokenizer;            // vocabulary file; empty: the one installed with HELIP (bpe_simple_vocab_16e6.txt.gz)
  std::string name;                 // name in results and folders; empty: from architecture
};

// Embeddings used for mining.
struct EncoderConfig {
  std::string source = "model";     // model: the model being tuned | towers: the frozen towers' own features
  std::uint32_t batch_size = 64;    // samples per forward; the last batch is padded, so results do not depend on task cuts
  std::uint32_t task_samples = 512; // samples per encode task; a multiple of batch_size
  std::string feature_cache;        // folder that keeps frozen towers' features between jobs; empty: WORK/cache
};

// Hard Pair Mining (paper Sec. 3.2, Eq. 5).
struct MiningConfig {
  std::string method = "exact";             // exact (HPM) | fast (FastHPM)
  std::uint32_t hard_pairs_per_target = 50; // k (public code: 50)
  std::uint64_t pool_size = 30000;          // C, candidates of FastHPM
  std::uint64_t pool_refresh_targets = 300000;  // targets that share one FastHPM pool (public code: 300,000)
  float image_floor = 0.0F;                 // tau, similarity floor of images, >= 0
  float text_floor = 0.0F;                  // tau, similarity floor of texts, >= 0
  float duplicate_ceiling = 0.98F;          // pairs more similar than this in either modality are duplicates
  std::uint64_t seed = 0;                   // of the FastHPM pools
  std::uint32_t task_targets = 4096;        // targets per mining task; a task lies inside one pool
};

// Data-parallel fine-tuning (Sec. 3.3).
struct TrainConfig {
  std::string hard_pairs = "mined";         // mined | random (random partners) | none (all pairs of the batch are seeds: the control)
  std::uint32_t seeds_per_batch = 8;        // S
  std::uint32_t hard_pairs_per_seed = 3;    // p; the global batch has M = S(1+p) pairs, also for none
  double epochs = 0;                        // passes over the suitable targets; give epochs or steps, not both
  std::uint64_t steps = 0;                  // optimizer steps
  double lr = 1e-4;                         // peak learning rate
  double lr_end_fraction = 0;               // cosine decay ends at lr times this
  std::uint64_t warmup = 0;                 // linear warm-up steps
  double beta1 = 0.9, beta2 = 0.98, eps = 1e-6;  // AdamW (OpenCLIP's defaults for ViT)
  double wd = 0.2;                          // weight decay, not on 1-D parameters and logit_scale
  double grad_clip_norm = 0;                // 0: no clipping
  std::string precision = "fp32";           // fp32 | amp_bf16 (GPU)
  std::uint64_t seed = 1;                   // of order, draws, augmentation, dropout
  std::uint32_t repeats = 1;                // trainings with seeds seed, seed+1, …; results are mean and std over them
  std::uint64_t checkpoint_steps = 500;     // steps between checkpoints
  std::uint32_t keep_checkpoints = 2;       // newest complete ones that stay
  std::uint64_t log_steps = 20;             // steps between lines of metrics.jsonl
  bool augment = true;                      // RandomResizedCrop(0.9–1.0) on pixels, as OpenCLIP; no effect on cached features
  double word_dropout = 0;                  // probability that a caption word is left out while training from text
  std::uint32_t loader_threads = 1;         // decoding threads per rank
  double collective_timeout_seconds = 120;  // a collective that takes longer ends the process
};

// Losses (Eq. 6, Eq. 7).
struct LossConfig {
  double margin_weight = 25;                // gamma, weight of the hard negative margin loss; 0 turns it off
  double margin_scale = 1;                  // factor on the cosines inside the margin loss
  bool margin_detach = false;               // true: no gradient through the bar (min over the hard pairs)
  std::string margin_direction = "image";   // image (image to text, as in the paper) | both
  bool mask_duplicates = true;              // rows of one duplicate group are not negatives of each other
};

// One evaluation data set in clip_benchmark layout.
struct EvalDataset {
  std::string name;
  std::string path;
  std::vector<std::string> tasks;           // zero_shot | retrieval | linear_probe
  std::string split = "test";               // folder of the split that is scored; linear_probe trains on `train`
};

struct EvalConfig {
  std::vector<EvalDataset> datasets;
  std::uint32_t batch_size = 64;
  std::vector<std::uint32_t> recall_k = {1, 5, 10};
  double probe_l2 = 1e-3;                   // L2 weight of the linear probe, on the mean loss
  bool evaluate_init = true;                // also score the checkpoint before tuning (model.init is a path)
};

struct CoordinatorConfig {
  std::string listen = "127.0.0.1:0";       // port 0: a free one
  bool insecure_network = false;            // allow other than loopback without mTLS
  double heartbeat_seconds = 5;
  double lease_seconds = 30;                // a lease without an acknowledged heartbeat for so long is granted again
  std::uint32_t max_attempts = 4;           // of one task before the job fails
};

struct LauncherConfig {
  std::string kind = "mpirun";              // mpirun | none
  std::uint32_t workers = 2;                // ranks in all
  std::uint32_t threads_per_worker = 1;     // fixed, so that results do not depend on the number of workers
  std::string device = "auto";              // auto | cpu | cuda (device of a rank: its local rank)
  std::uint32_t max_restarts = 3;           // of a failed training launch
  std::string hosts;                        // host:slots,…; empty: this machine, or the Slurm allocation
  std::vector<std::string> mpirun_args;     // further arguments of mpirun
};

struct OutputConfig {
  std::string work_dir = "work";
  bool report = true;
  std::uint32_t gallery_targets = 24;       // targets shown in the report's gallery
};

struct RunConfig {
  CorpusConfig corpus;
  ModelConfig model;
  EncoderConfig encoder;
  MiningConfig mining;
  TrainConfig train;
  LossConfig loss;
  EvalConfig eval;
  CoordinatorConfig coordinator;
  LauncherConfig launcher;
  OutputConfig output;
};

}  // namespace helip::config
