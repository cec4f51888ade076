// What is no configuration: bad YAML, unknown keys, wrong types, bad overrides, files that cannot
// be read.
#include <catch2/catch.hpp>
#include <fstream>
#include <limits>

#include "config/nearest_key.h"
#include "config/validate.h"
#include "config_errors.h"
#include "support/temporary_folder.h"

using namespace helip::config;

namespace {

std::string nested(int depth, const std::string& open, const std::string& close) {
  std::string text = "corpus: ";
  for (int i = 0; i < depth; ++i) text += open;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

}  // namespace

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
