// A configuration that gives all keys.
#pragma once

#include <string>

#include "config/parse.h"

namespace helip::config {

// Every key once, each with a value that is not its default.
inline const std::string kEveryKey = R"(
corpus:
  path: "data/a:b.tar::/abs/{00000..00003}.tar"
  caption_key: title
  csv_separator: ";"
  csv_img_key: image
  csv_caption_key: text
  max_quarantined: 0.2
  max_pixels: 1000000
  max_image_bytes: 1000000
model:
  architecture: models/tiny.json
  init: base/model
  init_seed: 18446744073709551615
  trust_torchscript: true
  tokenizer: vocab/bpe.txt.gz
  name: "tiny"
encoder:
  source: towers
  model:
    architecture: models/other.json
    init: other/model
    init_seed: 5
    trust_torchscript: true
    tokenizer: vocab/other.txt.gz
    name: other
  image_embeddings: ""
  text_embeddings: ""
  batch_size: 32
  task_samples: 96
  feature_cache: cache
mining:
  method: fast
  hard_pairs_per_target: 10
  pool_size: 1000
  pool_refresh_targets: 500
  image_floor: 0.3
  text_floor: 1e-3
  duplicate_ceiling: 0.97
  metric: image
  min_score: 0.1
  max_score: 0.9
  absolute_margin: 0
  relative_margin: 0.05
  per_group: 2
  hub_cap: 40
  seed: 7
  index: lists
  index_lists: 40
  index_probes: 6
  index_recall: 0.95
  task_targets: 128
  task_seconds: 45.5
  scratch: scratch
  instruction_set: avx2
train:
  hard_pairs: random
  seeds_per_batch: 4
  hard_pairs_per_seed: 2
  range_min: 1
  range_max: 8
  sampling_strategy: top
  epochs: 0
  steps: 1500
  pairs: 0
  lr: 5e-5
  lr_scheduler: const-cooldown
  lr_end_fraction: 0.05
  epochs_cooldown: 0.5
  lr_cooldown_end: 1e-6
  lr_cooldown_power: 2
  warmup: 5
  optimizer_warmup: 4
  wise_ft: 0.5
  beta1: 0.8
  beta2: 0.999
  eps: 1.0e-8
  wd: 0.05
  grad_clip_norm: 1
  precision: amp_bf16
  accum_freq: 2
  grad_checkpointing: true
  lock_image: true
  lock_image_unlocked_groups: 3
  lock_text: true
  lock_text_unlocked_layers: 1
  layer_decay: 0.75
  seed: 3
  repeats: 3
  checkpoint_steps: 100
  keep_checkpoints: 5
  keep_checkpoint_every: 1000
  log_steps: 10
  time_layers_every: 50
  augment: false
  crop_scale: 0.5
  decode_scaled: true
  word_dropout: 0.1
  loader_threads: 2
  fingerprint_steps: 7
  shard_optimizer: true
  collective_timeout_seconds: 0.1
scores:
  datasets:
    - name: dev
      path: held/out
      tasks: [zero_shot]
      split: dev
    - name: pairs
      path: /abs/held
      tasks: [zero_shot, retrieval]
  every_steps: 50
  every_epochs: 0
early_stop:
  metric: pairs/mean_recall@5
  tolerance: 0.01
  patience: 3
loss:
  margin_weight: 0
  margin_scale: 2.5
  margin_detach: true
  margin_direction: both
  mask_duplicates: false
slip:
  ssl_weight: 0.5
  ssl_temperature: 0.2
  ssl_on: all
eval:
  datasets:
    - name: clipart
      path: eval/clipart
      tasks: [zero_shot, linear_probe]
      split: validation
      validation_split: dev
      source: wds/clipart
    - name: pairs
      path: /abs/pairs
      tasks: [retrieval]
  batch_size: 16
  recall_k: [1, 3]
  equal_captions: strict
  probe: lbfgs
  probe_l2: 0.01
  fewshot_k: 16
  probe_seed: 3
  evaluate_init: false
coordinator:
  listen: "[::1]:5000"
  insecure_network: true
  heartbeat_seconds: 1
  lease_seconds: 4
  max_attempts: 2
launcher:
  kind: none
  workers: 3
  threads_per_worker: 2
  device: cuda
  max_restarts: 0
  hosts: "n1:2,n2:2"
  mpirun_args: ["--mca", "btl", "self,tcp", "it's \"quoted\" \\ # not a comment: \t"]
output:
  work_dir: out
  report: false
  gallery_targets: 6
)";

inline RunConfig every_key() { return parse_config(kEveryKey, "every.yaml", "/base/configs"); }

}  // namespace helip::config
