#include <catch2/catch.hpp>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "config/nearest_key.h"
#include "config/parse.h"
#include "config/validate.h"
#include "support/temporary_folder.h"

using namespace helip::config;

namespace {

// The error of a configuration, or "no error".
std::string error_of(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  try {
    parse_config(yaml, "c.yaml", "/b", overrides);
  } catch (const helip::ConfigError& problem) {
    return problem.what();
  }
  return "no error";
}

const std::string kGood = "corpus: {path: c}\nmodel: {architecture: ViT-B-16}\ntrain: {steps: 9}\n";

struct Bad {
  std::string yaml;
  std::string error;
};

std::string nested(int depth, const std::string& open, const std::string& close) {
  std::string text = "corpus: ";
  for (int i = 0; i < depth; ++i) text += open;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

}  // namespace

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

TEST_CASE("the smallest configuration is good") { CHECK(error_of(kGood) == "no error"); }

TEST_CASE("bad YAML and bad shapes name file, line and key") {
  const std::vector<Bad> bad = {
      {"", "c.yaml: empty configuration"},
      {"# nothing\n", "c.yaml: empty configuration"},
      {"- 1\n", "c.yaml:1: the configuration: wrong type; expected a mapping; found a list"},
      {"hello", "c.yaml:1: the configuration: wrong type; expected a mapping; found 'hello'"},
      {"train:\n", "c.yaml:1: train: wrong type; expected a mapping; found nothing"},
      {"\ntrain: 7\n", "c.yaml:2: train: wrong type; expected a mapping; found '7'"},
      {"train: [\n", "c.yaml:2: not valid YAML: end of sequence flow not found"},
      {"corpus:\n  path: a\n path: b\n", "c.yaml:3: not valid YAML: end of map not found"},
      {"corpus: {path: \"a}\n", "c.yaml:2: not valid YAML: end of map flow not found"},
      {"corpus:\n\tpath: a\n", "c.yaml:2: not valid YAML: illegal map value"},
      {kGood + "---\n" + kGood, "c.yaml: more than one YAML document; expected one"},
      {"corpus: {path: \"\xff\"}\n", "c.yaml: not UTF-8 text"},
      {"corpus: &a {path: x}\n", "c.yaml:1: anchors are not allowed"},
      {"corpus:\n  path: &a x\n", "c.yaml:2: anchors are not allowed"},
      {"eval:\n  recall_k: [1, &b 2]\n", "c.yaml:2: anchors are not allowed"},
      {"corpus: *a\n", "c.yaml:1: not valid YAML: the referenced anchor is not defined"},
      {"corpus: !!map {path: x}\n", "c.yaml:1: tags are not allowed; found tag:yaml.org,2002:map"},
      {"corpus:\n  path: !!str x\n", "c.yaml:2: tags are not allowed; found tag:yaml.org,2002:str"},
      {"corpus: {path: x}\nmodel: {}\n\ncorpus: {path: y}\n",
       "c.yaml:4: corpus: duplicate key; expected each key once; found the first at c.yaml:1"},
      {"train:\n  lr: 1\n  wd: 2\n  lr: 1\n",
       "c.yaml:4: lr: duplicate key; expected each key once; found the first at c.yaml:2"},
      {"? [a, b]\n: 1\n", "c.yaml:1: a key must be text, or a bracket is not closed"},
      {nested(40, "[", "]"), "c.yaml:1: nested too deeply; expected at most 32 levels"},
      {nested(40, "{a: ", "}"), "c.yaml:1: nested too deeply; expected at most 32 levels"},
      {nested(100000, "[", "]"), "c.yaml:1: nested too deeply; expected at most 32 levels"},
      {std::string(2 << 20, ' '),
       "c.yaml: configuration too large; expected at most 1048576 bytes; found 2097152 bytes"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.yaml.substr(0, 80));
    CHECK(error_of(each.yaml) == each.error);
  }
}

TEST_CASE("unknown keys name the nearest known one") {
  const std::vector<Bad> bad = {
      {"trian: {}\n", "c.yaml:1: trian: unknown key; expected train, perhaps"},
      {"train:\n  lr: 1\n  warm_up: 5\n",
       "c.yaml:3: train.warm_up: unknown key; expected train.warmup, perhaps"},
      {"mining: {lr: 1}\n", "c.yaml:1: mining.lr: unknown key; expected train.lr, perhaps"},
      {"corpus: {zzz: 1}\n",
       "c.yaml:1: corpus.zzz: unknown key; expected one of path, caption_key, csv_separator, "
       "csv_img_key, csv_caption_key, max_quarantined, max_pixels, max_image_bytes"},
      {"eval:\n  datasets:\n    - name: a\n      path: b\n      task: [retrieval]\n",
       "c.yaml:5: eval.datasets[0].task: unknown key; expected eval.datasets[0].tasks, perhaps"},
      {"output: {\"a\\nb\\e[31m\": 1}\n",
       "c.yaml:1: output.a\\x0ab\\x1b[31m: unknown key; expected one of work_dir, report, "
       "gallery_targets"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.yaml);
    CHECK(error_of(each.yaml) == each.error);
  }
  CHECK(nearest_key("hard_pair", {"seed", "hard_pairs", "hard_pairs_per_seed"}) == "hard_pairs");
  CHECK(nearest_key("setps", {"epochs", "steps"}) == "steps");
  CHECK(nearest_key("w", {"wd", "lr"}) == "wd");
  CHECK(nearest_key("completely_different", {"wd", "lr"}).empty());
  CHECK(nearest_key(std::string(1000, 'x'), {"x"}).empty());
}

TEST_CASE("wrong types name what was expected and found") {
  const std::vector<Bad> bad = {
      {"train:\n  lr: fast\n", "c.yaml:2: train.lr: wrong type; expected a number; found 'fast'"},
      {"train:\n  lr: '1'\n", "c.yaml:2: train.lr: wrong type; expected a number; found '1'"},
      {"train:\n  lr: 1,5\n", "c.yaml:2: train.lr: wrong type; expected a number; found '1,5'"},
      {"train:\n  lr: .inf\n", "c.yaml:2: train.lr: wrong type; expected a number; found '.inf'"},
      {"train:\n  lr: nan\n", "c.yaml:2: train.lr: wrong type; expected a number; found 'nan'"},
      {"train:\n  lr: inf\n", "c.yaml:2: train.lr: wrong type; expected a number; found 'inf'"},
      {"train:\n  lr: 1e999\n", "c.yaml:2: train.lr: wrong type; expected a number; found '1e999'"},
      {"train:\n  lr:\n", "c.yaml:2: train.lr: wrong type; expected a number; found nothing"},
      {"train:\n  lr: [1]\n", "c.yaml:2: train.lr: wrong type; expected a number; found a list"},
      {"train: {seeds_per_batch: -1}\n",
       "c.yaml:1: train.seeds_per_batch: wrong type; expected a whole number from 0 to 4294967295; "
       "found '-1'"},
      {"train: {seeds_per_batch: 4294967296}\n",
       "c.yaml:1: train.seeds_per_batch: wrong type; expected a whole number from 0 to 4294967295; "
       "found '4294967296'"},
      {"train: {steps: 1e3}\n",
       "c.yaml:1: train.steps: wrong type; expected a whole number from 0 to 18446744073709551615; "
       "found '1e3'"},
      {"train: {steps: 1.5}\n",
       "c.yaml:1: train.steps: wrong type; expected a whole number from 0 to 18446744073709551615; "
       "found '1.5'"},
      {"train: {augment: yes}\n",
       "c.yaml:1: train.augment: wrong type; expected true or false; found 'yes'"},
      {"train: {augment: 'true'}\n",
       "c.yaml:1: train.augment: wrong type; expected true or false; found 'true'"},
      {"corpus: {path: }\n",
       "c.yaml:1: corpus.path: wrong type; expected text, in quotes if it is ~ or null; found "
       "nothing"},
      {"corpus: {path: ~}\n",
       "c.yaml:1: corpus.path: wrong type; expected text, in quotes if it is ~ or null; found "
       "nothing"},
      {"corpus: {path: {a: b}}\n",
       "c.yaml:1: corpus.path: wrong type; expected text; found a mapping"},
      {"mining: {method: ~}\n",
       "c.yaml:1: mining.method: wrong type; expected one of exact, fast, index; found nothing"},
      {"mining: {method: [exact]}\n",
       "c.yaml:1: mining.method: wrong type; expected one of exact, fast, index; found a list"},
      {"eval:\n  recall_k: 1,5\n",
       "c.yaml:2: eval.recall_k: wrong type; expected a list, as [1,5]; found '1,5'"},
      {"eval: {datasets: 5}\n", "c.yaml:1: eval.datasets: wrong type; expected a list; found '5'"},
      {"eval:\n  recall_k:\n    - 1\n    - x\n",
       "c.yaml:4: eval.recall_k[1]: wrong type; expected a whole number from 0 to 4294967295; "
       "found 'x'"},
      {"eval: {datasets: [a]}\n",
       "c.yaml:1: eval.datasets[0]: wrong type; expected a mapping; found 'a'"},
      {"launcher: {mpirun_args: --mca}\n",
       "c.yaml:1: launcher.mpirun_args: wrong type; expected a list, as [--mca]; found '--mca'"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.yaml);
    CHECK(error_of(each.yaml) == each.error);
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
       "c.yaml: train.epochs: neither train.epochs nor train.steps is given; expected one of them"},
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
      {"early_stop: {patience: 3}",
       "c.yaml: early_stop.dataset: early_stop without held-out images; expected a folder in "
       "clip_benchmark layout; found none"},
      {"early_stop: {dataset: d, patience: 0}",
       "c.yaml:4: early_stop.patience: value not allowed; expected at least 1; found 0"},
      {"early_stop: {dataset: d, tolerance: 1}",
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
       "--set: train.epochs: both train.epochs and train.steps are given; expected one of them"},
      {"train={epochs: 1.5, steps: 0}", "no error"},
      {"train.lr=0", "--set: train.lr: value not allowed; expected a number above 0; found 0"},
      {"train.lr_end_fraction=1.01",
       "--set: train.lr_end_fraction: value not allowed; expected 0 to 1; found 1.01"},
      {"train.warmup=10",
       "--set: train.warmup: value not allowed; expected at most train.steps (9); found 10"},
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

TEST_CASE("bad overrides say so") {
  const std::vector<Bad> bad = {
      {"train.lr", "--set: override not understood; expected KEY=VALUE; found train.lr"},
      {"=1", "--set: override not understood; expected KEY=VALUE; found =1"},
      {"train.lr=x", "--set: train.lr: wrong type; expected a number; found 'x'"},
      {"train.lr=", "--set: train.lr: wrong type; expected a number; found ''"},
      {"train.rl=1", "--set: train.rl: unknown key; expected train.lr, perhaps"},
      {"lr=1", "--set: lr: unknown key; expected train.lr, perhaps"},
      {"output..report=true",
       "--set: output.: unknown key; expected one of work_dir, report, gallery_targets"},
      {"train.lr.x=1", "--set: train.lr: wrong type; expected a number; found a mapping"},
      {"eval.recall_k=[1", "--set: a key must be text, or a bracket is not closed"},
      {"train=&a {lr: 1}", "--set: anchors are not allowed"},
      {"output.work_dir=\"a\\0b\"",
       "--set: output.work_dir: wrong type; expected text without a NUL byte; found 'a\\x00b'"},
      {"output.work_dir=$HELIP_TEST_NO_SUCH/a",
       "--set: output.work_dir: the environment variable is not set; expected a variable with a "
       "value, or $$ for a dollar; found '$HELIP_TEST_NO_SUCH'"},
      {"corpus.path=a::~no-such-user-here/b",
       "--set: corpus.path: no such user; expected ~ or ~USER with a home folder, or ./~ for a "
       "name "
       "that starts with ~; found '~no-such-user-here'"},
      {"train.hard_pairs=''",
       "--set: train.hard_pairs: value not allowed; expected one of mined, random, none; found "
       "nothing"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.yaml);
    CHECK(error_of(kGood, {each.yaml}) == each.error);
  }
}

TEST_CASE("a value of any length and depth gives one short line") {
  const std::string dots = std::string(100000, '.') + "=1";
  CHECK(error_of(kGood, {"a" + dots}).starts_with("--set: nested too deeply; expected at most 32"));
  for (const std::string& text : {std::string(100000, 'x'), std::string(100000, '9'),
                                  std::string(100000, '['), "\"" + std::string(300, 'y') + "\""}) {
    const std::string error = error_of("train: {lr: " + text + "}\n");
    CHECK(error != "no error");
    CHECK(error.size() <= 400);
  }
  CHECK(error_of(kGood, {"train.lr=" + std::string(400, '9')}) ==
        "--set: train.lr: wrong type; expected a number; found '999999999999…999999999999'");
}

TEST_CASE("files that cannot be read are named") {
  const helip::test::TemporaryFolder folder;
  const auto error_of_file = [](const std::filesystem::path& file) -> std::string {
    try {
      load_config(file);
    } catch (const helip::ConfigError& problem) {
      return problem.what();
    }
    return "no error";
  };
  const auto missing = folder.path() / "missing.yaml";
  CHECK(error_of_file(missing) == missing.string() +
                                      ": cannot read the configuration; expected a YAML file; "
                                      "found No such file or directory");
  CHECK(error_of_file(folder.path()) == folder.path().string() +
                                            ": cannot read the configuration; expected a YAML "
                                            "file; found Is a directory");
  const auto big = folder.path() / "big.yaml";
  std::ofstream(big) << std::string((1 << 20) + 1, '#');
  CHECK(error_of_file(big) == big.string() +
                                  ": configuration too large; expected at most 1048576 bytes; "
                                  "found 1048577 bytes");
  const auto good = folder.path() / "good.yaml";
  std::ofstream(good) << kGood;
  CHECK(load_config(good).corpus.path == (folder.path() / "c").string());
  CHECK(load_config(good, {"train.lr=0.5"}).train.lr == 0.5);
}

TEST_CASE("validate names the key of a configuration made in code") {
  RunConfig config;
  config.corpus.path = "/c";
  config.model.architecture = "ViT-B-16";
  config.train.steps = 1;
  CHECK_NOTHROW(validate(config));
  CHECK_FALSE(first_violation(config).has_value());
  config.train.lr = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(validate(config),
                    "train.lr: value not allowed; expected a number above 0; found nan");
}
