#include <CLI/CLI.hpp>
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "common/error.h"
#include "common/publish.h"
#include "config/parse.h"
#include "support/temporary_folder.h"

namespace helip::cli {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

// What `helip config WORDS` prints.
std::string printed(std::vector<std::string> words) {
  CLI::App app;
  int exit_code = 0;
  add_config_command(app, exit_code);
  words.insert(words.begin(), "config");
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  std::ostringstream text;
  std::streambuf* const former = std::cout.rdbuf(text.rdbuf());
  try {
    app.parse(words);
  } catch (...) {
    std::cout.rdbuf(former);
    throw;
  }
  std::cout.rdbuf(former);
  return text.str();
}

}  // namespace

TEST_CASE("helip config show prints a configuration that reads back") {
  const test::TemporaryFolder folder;
  const std::string file = (folder.path() / "c.yaml").string();
  std::ofstream(file) << "corpus: {path: c}\nmodel: {architecture: ViT-B-16}\ntrain: {steps: 9}\n";
  const std::string shown = printed({"show", "--config", file, "--set", "train.lr=0.5"});
  const config::RunConfig config = config::load_config(file, {"train.lr=0.5"});
  CHECK(shown == config::to_yaml(config));
  CHECK(config::parse_config(shown, "shown.yaml", "/") == config);
  CHECK_THROWS_WITH(printed({"show", "--config", file, "--set", "train.lr=0"}),
                    Contains("train.lr: value not allowed"));
}

TEST_CASE("helip config show prints the defaults without a file") {
  CHECK(printed({"show"}) == config::to_yaml(config::RunConfig{}));
  CHECK_THAT(printed({"show", "--set", "train.precision=amp"}), Contains("precision: \"amp\"\n"));
  CHECK_THROWS_WITH(printed({"show", "--set", "train.rl=1"}),
                    Contains("expected train.lr, perhaps"));
}

TEST_CASE("helip config explain prints a key, a section or all") {
  CHECK_THAT(printed({"explain", "mining.method"}),
             StartsWith("mining.method\n  type      one of exact, fast, index\n"));
  CHECK_THAT(printed({"explain", "slip"}),
             StartsWith("slip\n  meaning ") && Contains("slip.ssl_weight\n") && !Contains("eval."));
  CHECK_THAT(printed({"explain"}), Contains("corpus.path\n") && Contains("output.work_dir\n"));
  CHECK_THROWS_WITH(printed({"explain", "train.rl"}),
                    "helip config explain: train.rl: unknown key; expected train.lr, perhaps");
  CHECK_THROWS_AS(printed({"explain", "train.rl"}), ConfigError);
}

}  // namespace helip::cli
