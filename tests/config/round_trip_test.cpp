#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <type_traits>

#include "config/fields.h"
#include "config/parse.h"
#include "config/validate.h"
#include "every_key.h"

using namespace helip::config;

namespace {

// The dotted keys of fields whose value is the default's. train.epochs is the one that must be:
// train.steps is given.
template <typename Section>
void collect_defaults(const Section& section, const Section& standard, const std::string& prefix,
                      std::set<std::string>& defaults) {
  for_each_field<Section>([&](const auto& field) {
    const auto& value = section.*field.member;
    const auto& normal = standard.*field.member;
    if constexpr (HasFields<std::remove_cvref_t<decltype(value)>>) {
      collect_defaults(value, normal, prefix + std::string(field.name) + ".", defaults);
    } else if (value == normal) {
      defaults.insert(prefix + std::string(field.name));
    }
  });
}

}  // namespace

TEST_CASE("every key is read, and written so that it reads back") {
  const RunConfig config = every_key();
  std::set<std::string> defaults;
  collect_defaults(config, RunConfig{}, "", defaults);
  // Ready embeddings go with no model that encodes, an L2 weight with no other probe.
  CHECK(defaults == std::set<std::string>{"encoder.image_embeddings", "encoder.text_embeddings",
                                          "eval.probe", "remine.every_epochs", "remine.every_steps",
                                          "remine.lag_steps", "remine.workers",
                                          "scores.every_epochs", "train.epochs", "train.pairs"});
  CHECK(config.eval.datasets.at(0).split == "validation");
  CHECK(config.eval.datasets.at(1).split == "test");
  CHECK(config.scores.datasets.at(0).split == "dev");
  CHECK(config.scores.datasets.at(1).split == "validation");
  CHECK(config.launcher.mpirun_args.at(3) == "it's \"quoted\" \\ # not a comment: \t");
  CHECK(config.mining.image_floor == 0.3);
  CHECK(config.train.lr == 5e-5);

  const std::string text = to_yaml(config);
  const RunConfig again = parse_config(text, "again.yaml", "/elsewhere");
  CHECK(again == config);
  CHECK(to_yaml(again) == text);
  CHECK(config_digest(again) == config_digest(config));
}

TEST_CASE("text of any kind survives to_yaml") {
  RunConfig config = every_key();
  for (const std::string text : {"",
                                 " ",
                                 "true",
                                 "1e3",
                                 "~",
                                 "null",
                                 "- a",
                                 "a: b",
                                 "#x",
                                 "'",
                                 "\"",
                                 "\\n",
                                 "line\nbreak",
                                 "tab\t",
                                 "\x01\x1f\x7f",
                                 "Katze äöü 漢字 🐈",
                                 "&a",
                                 "*a",
                                 "!t",
                                 "%d",
                                 "@",
                                 "`",
                                 "{",
                                 "["}) {
    // Hosts with a colon are checked.
    if (text.find(':') == std::string::npos) config.launcher.hosts = text;
    config.launcher.mpirun_args = {text, text};
    CHECK(parse_config(to_yaml(config), "t.yaml", "/") == config);
  }
}

TEST_CASE("numbers survive to_yaml to the last bit") {
  RunConfig config = every_key();
  for (const double lr : {1e-4, 0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 3.0}) {
    config.train.lr = lr;
    CHECK(parse_config(to_yaml(config), "t.yaml", "/").train.lr == lr);
  }
  for (const double floor : {0.3, 0.1, 5e-324, 0.96999}) {
    config.mining.text_floor = floor;
    CHECK(parse_config(to_yaml(config), "t.yaml", "/").mining.text_floor == floor);
  }
}

TEST_CASE("an optional number is null where there is none") {
  RunConfig config = every_key();
  CHECK(config.mining.absolute_margin == 0.0);
  config.mining.absolute_margin.reset();
  config.mining.relative_margin = 1.0 / 3;
  CHECK(parse_config(to_yaml(config), "t.yaml", "/") == config);
  const RunConfig off = parse_config(kEveryKey, "every.yaml", "/", {"mining.relative_margin=null"});
  CHECK_FALSE(off.mining.relative_margin);
  CHECK(config_digest(off) != config_digest(every_key()));
}

TEST_CASE("an optional section is null where there is none") {
  RunConfig config = every_key();
  REQUIRE(config.encoder.model);
  const RunConfig off =
      parse_config(kEveryKey, "every.yaml", "/base/configs", {"encoder.model=null"});
  CHECK_FALSE(off.encoder.model);
  CHECK(parse_config(to_yaml(off), "t.yaml", "/") == off);
  CHECK(config_digest(off) != config_digest(config));
  config.encoder.model.reset();
  CHECK(config == off);
}

TEST_CASE("ready embeddings are read and written") {
  const RunConfig config = parse_config(
      kEveryKey, "every.yaml", "/base/configs",
      {"encoder={source: npy, model: null, image_embeddings: /e, text_embeddings: /f/t.npy}"});
  CHECK(config.encoder.image_embeddings == "/e");
  CHECK(config.encoder.text_embeddings == "/f/t.npy");
  CHECK(parse_config(to_yaml(config), "t.yaml", "/") == config);
}

TEST_CASE("paths of the file are relative to its folder, those of overrides to the current one") {
  const RunConfig config = every_key();
  CHECK(config.corpus.path == "/base/configs/data/a:b.tar::/abs/{00000..00003}.tar");
  CHECK(config.model.architecture == "/base/configs/models/tiny.json");
  CHECK(config.model.init == "/base/configs/base/model");
  CHECK(config.model.tokenizer == "/base/configs/vocab/bpe.txt.gz");
  CHECK(config.encoder.feature_cache == "/base/configs/cache");
  CHECK(config.encoder.model->architecture == "/base/configs/models/other.json");
  CHECK(config.encoder.model->init == "/base/configs/other/model");
  CHECK(config.mining.scratch == "/base/configs/scratch");
  CHECK(config.eval.datasets.at(0).path == "/base/configs/eval/clipart");
  CHECK(config.eval.datasets.at(1).path == "/abs/pairs");
  CHECK(config.output.work_dir == "/base/configs/out");

  const auto current = std::filesystem::current_path();
  const RunConfig other =
      parse_config(kEveryKey, "every.yaml", "/base/configs",
                   {"output.work_dir=w", "corpus.path=../c", "model.init=random",
                    "model.architecture=ViT-B-16", "model.tokenizer=", "mining.scratch=s"});
  CHECK(other.mining.scratch == (current / "s").string());
  CHECK(other.output.work_dir == (current / "w").string());
  CHECK(other.corpus.path == (current.parent_path() / "c").string());
  CHECK(other.model.init == "random");
  CHECK(other.model.architecture == "ViT-B-16");
  CHECK(other.model.tokenizer.empty());

  const RunConfig standard = parse_config(
      "{corpus: {path: c}, model: {architecture: tiny.json}, train: {steps: 1}}", "s.yaml", "/b");
  CHECK(standard.output.work_dir == (current / "work").string());
  CHECK(standard.model.architecture == "/b/tiny.json");
  CHECK(standard.encoder.feature_cache.empty());
  CHECK(standard.mining.scratch.empty());
  CHECK(standard.model.init == "random");
}

TEST_CASE("home folders and variables in paths are expanded once, and in nothing else") {
  ::setenv("HOME", "/home/me", 1);
  ::setenv("HELIP_TEST_SCRATCH", "/scratch/a$b", 1);
  const RunConfig config =
      parse_config(kEveryKey, "every.yaml", "/base/configs",
                   {"output.work_dir=$HELIP_TEST_SCRATCH/hw", "model.init=~/init",
                    "model.architecture=$HELIP_TEST_SCRATCH", "mining.scratch=s$$1",
                    "corpus.path=~/{0..3}.tar::${HELIP_TEST_SCRATCH}/b.tar", "launcher.hosts=$HOME",
                    "eval.datasets=[{name: a, path: ~/eval, tasks: [retrieval]}]"});
  const auto current = std::filesystem::current_path();
  CHECK(config.output.work_dir == "/scratch/a$b/hw");
  CHECK(config.model.init == "/home/me/init");
  CHECK(config.model.architecture == "/scratch/a$b");
  CHECK(config.mining.scratch == (current / "s$1").string());
  CHECK(config.corpus.path == "/home/me/{0..3}.tar::/scratch/a$b/b.tar");
  CHECK(config.eval.datasets.at(0).path == "/home/me/eval");
  CHECK(config.launcher.hosts == "$HOME");
  const RunConfig again = parse_config(to_yaml(config), "t.yaml", "/");
  CHECK(again == config);
  CHECK(config_digest(again) == config_digest(config));
}

TEST_CASE("overrides are YAML and the last one of a key wins") {
  const RunConfig config =
      parse_config(kEveryKey, "every.yaml", "/b",
                   {"train.lr=1", "train.lr=2e-3", "eval.recall_k=[2, 4]", "launcher.hosts=x=y:1",
                    "loss={margin_scale: 3, margin_detach: false}"});
  CHECK(config.train.lr == 2e-3);
  CHECK(config.eval.recall_k == std::vector<std::uint32_t>{2, 4});
  CHECK(config.launcher.hosts == "x=y:1");
  CHECK(config.loss.margin_scale == 3);
  CHECK_FALSE(config.loss.margin_detach);
  CHECK(config.loss.margin_direction == MarginDirection::kBoth);
}

TEST_CASE("evaluation and report change their own digests, training changes all three") {
  const auto digests = [](const std::string& change) {
    const RunConfig config = parse_config(kEveryKey, "every.yaml", "/base/configs", {change});
    return std::vector{training_digest(config), config_digest(config), report_digest(config)};
  };
  const auto former = digests("coordinator.max_attempts=9");
  for (const std::string change :
       {"eval.recall_k=[1]", "eval.batch_size=2", "eval.datasets=[]", "eval.evaluate_init=true",
        "eval.equal_captions=hits", "eval.probe_l2=0", "eval.fewshot_k=0", "eval.probe_seed=4"}) {
    INFO(change);
    const auto changed = digests(change);
    CHECK(changed[0] == former[0]);
    CHECK(changed[1] != former[1]);
    CHECK(changed[2] != former[2]);
  }
  const auto shown = digests("output.gallery_targets=2");
  CHECK(shown[0] == former[0]);
  CHECK(shown[1] == former[1]);
  CHECK(shown[2] != former[2]);
  for (const std::string change : {"early_stop.tolerance=0.02", "scores.every_steps=7",
                                   "launcher.device=auto", "model.name=m"}) {
    INFO(change);
    const auto changed = digests(change);
    for (std::size_t i = 0; i < 3; ++i) CHECK(changed[i] != former[i]);
  }
}

TEST_CASE("the digest covers what determines results and nothing else") {
  const RunConfig config = every_key();
  const std::string digest = config_digest(config);
  CHECK(digest.size() == 64);

  const auto digest_with = [](const std::vector<std::string>& overrides) {
    return config_digest(parse_config(kEveryKey, "every.yaml", "/base/configs", overrides));
  };
  for (const std::string change :
       {"train.lr=1", "mining.seed=8", "corpus.path=/x", "launcher.threads_per_worker=1",
        "launcher.device=auto", "eval.recall_k=[1]", "loss.mask_duplicates=true",
        "encoder.batch_size=16", "encoder.model.init=/x", "encoder.model.init_seed=6"}) {
    INFO(change);
    CHECK(digest_with({change}) != digest);
  }
  for (const std::string change :
       {"output.work_dir=/x", "output.report=true", "launcher.workers=9", "launcher.hosts=h",
        "coordinator.max_attempts=9", "train.log_steps=1", "train.loader_threads=1",
        "encoder.feature_cache=/x", "mining.scratch=/x", "train.keep_checkpoints=1",
        "train.shard_optimizer=false", "train.time_layers_every=0"}) {
    INFO(change);
    CHECK(digest_with({change}) == digest);
  }
}
