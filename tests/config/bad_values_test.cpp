// Values that are of the right type and not allowed.
#include <catch2/catch.hpp>

#include "common/text.h"
#include "config_errors.h"

using namespace helip::config;

TEST_CASE("hosts are names, with slots from 1 on") {
  for (const char* good : {"a", "a:2,b", "a:1, b:16", "a:*", "a:auto", "fe80::1", "+n0"}) {
    CAPTURE(good);
    CHECK(error_of(kGood, {helip::cat("launcher.hosts='", good, "'")}) == "no error");
  }
  for (const char* bad : {"a:0", "a:x", "b,a:", ":2", "a:-1", "a:1.5", "a:99999999999"}) {
    CAPTURE(bad);
    CHECK_THAT(error_of(kGood, {helip::cat("launcher.hosts='", bad, "'")}),
               Catch::Contains("launcher.hosts: value not allowed; expected HOST or HOST:SLOTS"));
  }
}

TEST_CASE("values out of range name key, range and value") {
  const std::vector<Bad> bad = {
      {"model: {architecture: a}\ntrain: {steps: 1}\n",
       "c.yaml: corpus.path: value missing; expected a corpus folder, tars, a CSV or TSV file"},
      {"corpus: {path: c}\ntrain: {steps: 1}\n",
       "c.yaml: model.architecture: value missing; expected a model name, a model JSON or a folder "
       "with helip_model.json"},
      {"corpus: {path: c}\nmodel: {architecture: a}\n",
       "c.yaml: train.epochs: the length of training is not given in one way; expected one of "
       "train.epochs, train.steps and train.pairs; found none"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.yaml);
    CHECK(error_of(each.yaml) == each.error);
  }
  // Lines 4 and following are appended to a good configuration.
  const std::vector<Bad> appended = {
      {"mining: {hard_pairs_per_target: 0}",
       "c.yaml:4: mining.hard_pairs_per_target: value not allowed; expected 1 to 65536; found 0"},
      {"mining: {method: guess}",
       "c.yaml:4: mining.method: value not allowed; expected one of exact, fast, index; found "
       "guess"},
      {"mining:\n  method: fast\n  pool_size: 50\n",
       "c.yaml: mining.hard_pairs_per_target: value not allowed; expected at most mining.pool_size "
       "- 1 (49); found 50"},
      {"mining: {method: fast, pool_size: 51}", "no error"},
      {"mining: {pool_size: 4294967295}",
       "c.yaml:4: mining.pool_size: value not allowed; expected 2 to 4294967294; found 4294967295"},
      {"mining: {pool_refresh_targets: 0}",
       "c.yaml:4: mining.pool_refresh_targets: value not allowed; expected at least 1; found 0"},
      {"mining: {image_floor: -0.1}",
       "c.yaml:4: mining.image_floor: value not allowed; expected 0 or more, below "
       "mining.duplicate_ceiling (0.98) and 1; found -0.1"},
      {"mining: {text_floor: 0.98}",
       "c.yaml:4: mining.text_floor: value not allowed; expected 0 or more, below "
       "mining.duplicate_ceiling (0.98) and 1; found 0.98"},
      {"mining: {duplicate_ceiling: 0}",
       "c.yaml:4: mining.duplicate_ceiling: value not allowed; expected above 0, at most 2 (above "
       "1 turns it off); found 0"},
      {"mining: {metric: sum}",
       "c.yaml:4: mining.metric: value not allowed; expected one of product, image, text; found "
       "sum"},
      {"mining: {min_score: -0.1}",
       "c.yaml:4: mining.min_score: value not allowed; expected 0 (all) to 1; found -0.1"},
      {"mining: {min_score: 0.5, max_score: 0.4}",
       "c.yaml:4: mining.max_score: value not allowed; expected above 0, at least mining.min_score "
       "(0.5), at most 1 (all); found 0.4"},
      {"mining: {min_score: 0.5, max_score: 0.5}", "no error"},
      {"mining: {max_score: 0}",
       "c.yaml:4: mining.max_score: value not allowed; expected above 0, at least mining.min_score "
       "(0), at most 1 (all); found 0"},
      {"mining: {absolute_margin: -0.1}",
       "c.yaml:4: mining.absolute_margin: value not allowed; expected 0 to 2, or null; found -0.1"},
      {"mining: {relative_margin: 1.5}",
       "c.yaml:4: mining.relative_margin: value not allowed; expected 0 to 1, or null; found 1.5"},
      {"mining: {relative_margin: x}",
       "c.yaml:4: mining.relative_margin: wrong type; expected a number; found 'x'"},
      {"mining: {absolute_margin: 0, relative_margin: ~}", "no error"},
      {"mining: {absolute_margin: 0}\nlauncher: {device: cuda}",
       "c.yaml:4: mining.absolute_margin: a positive-aware margin is not mined on a GPU; expected "
       "launcher.device: auto or cpu; found cuda"},
      {"mining: {relative_margin: 0.1}\nlauncher: {device: cuda}",
       "c.yaml:4: mining.relative_margin: a positive-aware margin is not mined on a GPU; expected "
       "launcher.device: auto or cpu; found cuda"},
      {"mining: {relative_margin: 0.1}\nlauncher: {device: auto}", "no error"},
      {"mining: {index: trees}",
       "c.yaml:4: mining.index: value not allowed; expected one of auto, lists, short; found "
       "trees"},
      {"mining: {index: short, index_probes: 3}",
       "c.yaml:4: mining.index_probes: value not allowed; expected 0 with mining.index: short; "
       "found 3"},
      {"mining: {index: short, index_lists: 3}",
       "c.yaml:4: mining.index_lists: value not allowed; expected 0 with mining.index: short; "
       "found 3"},
      {"mining: {index: lists, index_lists: 3}", "no error"},
      {"mining: {relative_margin: 0.1, method: index}\nlauncher: {device: cuda}", "no error"},
      {"encoder: {task_samples: 100}",
       "c.yaml:4: encoder.task_samples: value not allowed; expected a multiple of "
       "encoder.batch_size (64); found 100"},
      {"encoder: {batch_size: 0}",
       "c.yaml:4: encoder.batch_size: value not allowed; expected 1 to 65536; found 0"},
      {"encoder: {source: clip}",
       "c.yaml:4: encoder.source: value not allowed; expected one of model, towers, npy; found "
       "clip"},
      {"encoder: {source: npy, image_embeddings: e}",
       "c.yaml: encoder.text_embeddings: value missing; expected embeddings (.npy), as "
       "encoder.source is npy"},
      {"encoder: {image_embeddings: /e}",
       "c.yaml:4: encoder.image_embeddings: value not allowed; expected nothing, unless "
       "encoder.source is npy; found /e"},
      {"encoder: {source: npy, image_embeddings: e, text_embeddings: t, model: {architecture: A}}",
       "c.yaml:4: encoder.model: value not allowed; expected nothing, as encoder.source is npy; "
       "found A"},
      {"encoder: {model: {architecture: A}}",
       "c.yaml: encoder.model.init: value not allowed; expected a path: trained weights; found "
       "random"},
      {"encoder: {source: towers, model: {architecture: A}}", "no error"},
      {"encoder: {model: {init: i}}",
       "c.yaml: encoder.model.architecture: value missing; expected a model name, a model JSON or "
       "a "
       "folder with helip_model.json"},
      {"encoder: {model: {arch: A}}",
       "c.yaml:4: encoder.model.arch: unknown key; expected one of architecture, init, init_seed, "
       "trust_torchscript, tokenizer, name"},
      {"model_: 1", "c.yaml:4: model_: unknown key; expected model, perhaps"},
      {"remine: {every_steps: 5, every_epochs: 1}",
       "c.yaml:4: remine.every_epochs: both remine.every_steps and remine.every_epochs are given; "
       "expected one of them"},
      {"remine: {lag_steps: 5}",
       "c.yaml:4: remine.lag_steps: value not allowed; expected 0 without remine.every_steps or "
       "remine.every_epochs; found 5"},
      {"remine: {workers: 1}",
       "c.yaml:4: remine.workers: value not allowed; expected 0 without remine.every_steps or "
       "remine.every_epochs; found 1"},
      {"remine: {every_steps: 5, lag_steps: 5, workers: 2}",
       "c.yaml:4: remine.workers: value not allowed; expected fewer than launcher.workers (2); "
       "found 2"},
      {"remine: {every_steps: 5, workers: 1}",
       "c.yaml: remine.lag_steps: value not allowed; expected above 0 with remine.workers, or "
       "training waits while they mine; found 0"},
      {"scores: {datasets: [{name: d, path: p, tasks: [zero_shot]}]}",
       "c.yaml: scores.every_epochs: nothing says how often the data sets of scores are scored; "
       "expected scores.every_steps or scores.every_epochs above 0; found none"},
      {"scores: {every_steps: 5}",
       "c.yaml: scores.datasets: scores without held-out data sets; expected at least one data "
       "set; found none"},
      {"scores: {every_steps: 5, every_epochs: 1, datasets: [{name: d, path: p, tasks: "
       "[zero_shot]}]}",
       "c.yaml:4: scores.every_epochs: both scores.every_steps and scores.every_epochs are given; "
       "expected one of them"},
      {"scores: {every_steps: 5, datasets: [{name: d, path: p, tasks: [linear_probe]}]}",
       "c.yaml:4: scores.datasets[0].tasks[0]: value not allowed; expected zero_shot or retrieval; "
       "found linear_probe"},
      {"scores: {every_steps: 5, datasets: [{name: d, path: p, tasks: []}]}",
       "c.yaml:4: scores.datasets[0].tasks: value not allowed; expected zero_shot, retrieval or "
       "both; found none"},
      {"scores: {every_steps: 5, datasets: [{name: d, path: p, tasks: [retrieval]}, {name: d, "
       "path: q, tasks: [retrieval]}]}",
       "c.yaml:4: scores.datasets[1].name: value not allowed; expected a name given once; found d"},
      {"scores: {every_epochs: 1, datasets: [{name: d, path: p, tasks: [zero_shot]}]}", "no error"},
      {"early_stop: {patience: 3}",
       "c.yaml: early_stop.metric: early_stop without a score; expected DATASET/METRIC of "
       "scores.datasets, which is empty; found none"},
      {"scores: {every_epochs: 1, datasets: [{name: d, path: p, tasks: [zero_shot]}]}\n"
       "early_stop: {metric: acc1}",
       "c.yaml:5: early_stop.metric: early_stop without a score; expected one of d/acc1, d/acc5, "
       "d/mean_per_class_recall; found acc1"},
      {"scores: {every_epochs: 1, datasets: [{name: d, path: p, tasks: [retrieval]}]}\n"
       "early_stop: {metric: d/mean_recall@10}",
       "no error"},
      {"scores: {every_epochs: 1, datasets: [{name: d, path: /p, tasks: [zero_shot], split: "
       "test}]}\n"
       "early_stop: {metric: d/acc1}\n"
       "eval: {datasets: [{name: e, path: /p, tasks: [zero_shot]}]}",
       "c.yaml:5: early_stop.metric: training would end by a score of what eval.datasets reports; "
       "expected another split or data set; found /p, test"},
      {"early_stop: {dataset: d}",
       "c.yaml:4: early_stop.dataset: unknown key; expected scores.datasets: [{name: NAME, path: "
       "\xe2\x80\xa6, tasks: [zero_shot]}] and early_stop.metric: NAME/acc1"},
      {"early_stop: {split: dev}",
       "c.yaml:4: early_stop.split: unknown key; expected split in scores.datasets[]"},
      {"early_stop: {every_steps: 5}",
       "c.yaml:4: early_stop.every_steps: unknown key; expected scores.every_steps"},
      {"early_stop: {metric: d/acc1, patience: 0}",
       "c.yaml:4: early_stop.patience: value not allowed; expected at least 1; found 0"},
      {"early_stop: {metric: d/acc1, tolerance: 1}",
       "c.yaml:4: early_stop.tolerance: value not allowed; expected 0 or more, below 1; found 1"},
      {"loss: {margin_weight: -1}",
       "c.yaml:4: loss.margin_weight: value not allowed; expected 0 or more; found -1"},
      {"loss: {margin_scale: 0}",
       "c.yaml:4: loss.margin_scale: value not allowed; expected a number above 0; found 0"},
      {"loss: {margin_direction: text}",
       "c.yaml:4: loss.margin_direction: value not allowed; expected one of image, both; found "
       "text"},
      {"slip: {ssl_weight: -1}",
       "c.yaml:4: slip.ssl_weight: value not allowed; expected 0 (off) or more; found -1"},
      {"slip: {ssl_temperature: 0}",
       "c.yaml:4: slip.ssl_temperature: value not allowed; expected a number above 0; found 0"},
      {"slip: {ssl_on: hard_pairs}",
       "c.yaml:4: slip.ssl_on: value not allowed; expected one of seeds, all; found hard_pairs"},
      {"eval: {datasets: [{name: a/b, path: p, tasks: [retrieval]}]}",
       "c.yaml:4: eval.datasets[0].name: value not allowed; expected letters, digits, '-', '_' and "
       "'.', not starting with '.'; found 'a/b'"},
      {"eval: {datasets: [{name: a, tasks: [retrieval]}]}",
       "c.yaml: eval.datasets[0].path: value missing; expected a folder in clip_benchmark layout"},
      {"eval: {datasets: [{name: a, path: p}]}",
       "c.yaml: eval.datasets[0].tasks: value not allowed; expected at least one of zero_shot, "
       "retrieval, linear_probe; found none"},
      {"eval: {datasets: [{name: a, path: p, tasks: [probe]}]}",
       "c.yaml:4: eval.datasets[0].tasks[0]: value not allowed; expected one of zero_shot, "
       "retrieval, linear_probe; found probe"},
      {"eval: {datasets: [{name: a, path: p, tasks: [retrieval, retrieval]}]}",
       "c.yaml:4: eval.datasets[0].tasks[0]: value not allowed; expected a task given once; found "
       "retrieval"},
      {"eval:\n  datasets:\n    - {name: a, path: p, tasks: [retrieval]}\n    - {name: a, path: q, "
       "tasks: [retrieval]}\n",
       "c.yaml:7: eval.datasets[1].name: value not allowed; expected a name given once; found a"},
      {"eval: {datasets: [{name: a, path: p, tasks: [retrieval], validation_split: dev}]}",
       "c.yaml:4: eval.datasets[0].validation_split: value not allowed; expected none without the "
       "task linear_probe; found dev"},
      {"eval: {datasets: [{name: a, path: p, tasks: [linear_probe], validation_split: train}]}",
       "c.yaml:4: eval.datasets[0].validation_split: value not allowed; expected a split other "
       "than train and the one that is scored; found train"},
      {"eval: {datasets: [{name: a, path: p, tasks: [linear_probe], validation_split: test}]}",
       "c.yaml:4: eval.datasets[0].validation_split: value not allowed; expected a split other "
       "than train and the one that is scored; found test"},
      {"eval: {probe: clip_benchmark, probe_l2: 0.1}",
       "c.yaml:4: eval.probe_l2: value not allowed; expected 0 with eval.probe clip_benchmark, "
       "which has a weight decay instead; found 0.1"},
      {"eval: {recall_k: []}",
       "c.yaml:4: eval.recall_k: value not allowed; expected at least one number; found none"},
      {"eval: {recall_k: [5, 1]}",
       "c.yaml:4: eval.recall_k[1]: value not allowed; expected numbers that ascend; found 1"},
      {"eval: {recall_k: [0]}",
       "c.yaml:4: eval.recall_k[0]: value not allowed; expected at least 1; found 0"},
      {"coordinator: {listen: localhost}",
       "c.yaml:4: coordinator.listen: value not allowed; expected HOST:PORT (port 0: a free one); "
       "found 'localhost'"},
      {"coordinator: {lease_seconds: 9}",
       "c.yaml:4: coordinator.lease_seconds: value not allowed; expected at least twice "
       "coordinator.heartbeat_seconds (5); found 9"},
      {"launcher: {workers: 0}",
       "c.yaml:4: launcher.workers: value not allowed; expected 1 to 100000; found 0"},
      {"launcher: {device: gpu}",
       "c.yaml:4: launcher.device: value not allowed; expected one of auto, cpu, cuda; found gpu"},
      {"output: {work_dir: ''}", "c.yaml:4: output.work_dir: value missing; expected a folder"},
  };
  for (const Bad& each : appended) {
    CAPTURE(each.yaml);
    CHECK(error_of(kGood + each.yaml) == each.error);
  }
  // Errors of the section train, line 3.
  const std::vector<Bad> train = {
      {"train.hard_pairs=hard",
       "--set: train.hard_pairs: value not allowed; expected one of mined, random, none; found "
       "hard"},
      {"train.hard_pairs_per_seed=51",
       "--set: train.hard_pairs_per_seed: value not allowed; expected at most "
       "mining.hard_pairs_per_target (50); found 51"},
      {"train.hard_pairs_per_seed=0",
       "--set: train.hard_pairs_per_seed: value not allowed; expected at least 1 (or "
       "train.hard_pairs: none); found 0"},
      {"train={hard_pairs: none, hard_pairs_per_seed: 0}", "no error"},
      {"train.range_max=51",
       "--set: train.range_max: value not allowed; expected at most mining.hard_pairs_per_target "
       "(50); found 51"},
      {"train.range_min=48",
       "--set: train.range_min: value not allowed; expected train.hard_pairs_per_seed (3) ranks or "
       "more from here to 50; found 48"},
      {"train.range_min=47", "no error"},
      {"train={range_min: 7, range_max: 9}",
       "--set: train.range_min: value not allowed; expected train.hard_pairs_per_seed (3) ranks or "
       "more from here to 9; found 7"},
      {"train={range_min: 7, range_max: 10}", "no error"},
      {"train.sampling_strategy=last",
       "--set: train.sampling_strategy: value not allowed; expected one of random, top; found "
       "last"},
      {"train.seeds_per_batch=4000000000",
       "--set: train.seeds_per_batch: value not allowed; expected a batch of at most 2147483647 "
       "pairs; found 16000000000"},
      {"train.epochs=2",
       "--set: train.epochs: the length of training is not given in one way; expected one of "
       "train.epochs, train.steps and train.pairs; found 2 of them"},
      {"train={epochs: 1.5, steps: 0}", "no error"},
      {"train.lr=0", "--set: train.lr: value not allowed; expected a number above 0; found 0"},
      {"train.lr_end_fraction=1.01",
       "--set: train.lr_end_fraction: value not allowed; expected 0 to 1; found 1.01"},
      {"train.warmup=10",
       "--set: train.warmup: value not allowed; expected at most the steps of training (9); "
       "found 10"},
      {"train.beta2=1",
       "--set: train.beta2: value not allowed; expected 0 or more, below 1; found 1"},
      {"corpus.csv_separator=ab",
       "--set: corpus.csv_separator: value not allowed; expected one character, tab, or auto; "
       "found 'ab'"},
      {"corpus.max_quarantined=1.5",
       "--set: corpus.max_quarantined: value not allowed; expected 0 to 1; found 1.5"},
      {"corpus.max_pixels=0",
       "--set: corpus.max_pixels: value not allowed; expected 1 to 1000000000; found 0"},
      {"corpus.max_image_bytes=0",
       "--set: corpus.max_image_bytes: value not allowed; expected 1 to 1073741824; found 0"},
      {"train.word_dropout=1",
       "--set: train.word_dropout: value not allowed; expected 0 or more, below 1; found 1"},
      {"train.precision=fp16",
       "--set: train.precision: value not allowed; expected one of fp32, amp_bf16, amp; found "
       "fp16"},
      // A name of the code's alone.
      {"train.precision=fp64",
       "--set: train.precision: value not allowed; expected one of fp32, amp_bf16, amp; found "
       "fp64"},
      {"train.accum_freq=0",
       "--set: train.accum_freq: value not allowed; expected at least 1; found 0"},
      {"train.layer_decay=0",
       "--set: train.layer_decay: value not allowed; expected above 0, at most 1; found 0"},
      {"train.lock_text_unlocked_layers=2",
       "--set: train.lock_text_unlocked_layers: value not allowed; expected 0 without "
       "train.lock_text; found 2"},
      {"train.lr_scheduler=linear",
       "--set: train.lr_scheduler: value not allowed; expected one of cosine, const, "
       "const-cooldown; found linear"},
      {"train.epochs_cooldown=1",
       "--set: train.epochs_cooldown: value not allowed; expected above 0 with lr_scheduler "
       "const-cooldown, else 0; found 1"},
      {"train.wise_ft=1.5", "--set: train.wise_ft: value not allowed; expected 0 to 1; found 1.5"},
      {"train.checkpoint_steps=0",
       "--set: train.checkpoint_steps: value not allowed; expected at least 1; found 0"},
  };
  for (const Bad& each : train) {
    CAPTURE(each.yaml);
    CHECK(error_of(kGood, {each.yaml}) == each.error);
  }
  CHECK(error_of(kGood, {"train.precision=amp", "launcher.device=cpu"}) ==
        "--set: train.precision: amp (float16) needs a GPU; expected fp32 or amp_bf16 with "
        "launcher.device: cpu; found amp");
}
