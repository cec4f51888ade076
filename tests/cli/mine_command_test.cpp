#include <CLI/CLI.hpp>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands/commands.h"
#include "common/error.h"
#include "store/npy.h"
#include "support/temporary_folder.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

void write_rows(const fs::path& file, std::uint64_t rows, std::uint64_t dim) {
  store::NpyWriter writer(file, store::DType::kF32, {rows, dim});
  writer.write_values(std::span<const float>(std::vector<float>(rows * dim, 1.0F)));
  writer.publish();
}

// What helip mine says of 20 pairs, images 4 wide and texts 6.
std::string refusal(const std::vector<std::string>& options) {
  const test::TemporaryFolder folder;
  write_rows(folder.path() / "i.npy", 20, 4);
  write_rows(folder.path() / "t.npy", 20, 6);
  CLI::App app;
  int exit_code = 0;
  add_mine_command(app, exit_code);
  std::vector<std::string> words = {"mine",
                                    "--image-embeddings",
                                    (folder.path() / "i.npy").string(),
                                    "--text-embeddings",
                                    (folder.path() / "t.npy").string(),
                                    "--out",
                                    (folder.path() / "table").string(),
                                    "--threads",
                                    "1"};
  words.insert(words.end(), options.begin(), options.end());
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    app.parse(words);
  } catch (const ConfigError& error) {
    CHECK_FALSE(fs::exists(folder.path() / "table"));
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("helip mine names its option, not the configuration's key") {
  // Refused by the configuration's rules, and by the miner itself.
  for (const auto& [options, expected] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--k", "0"}, "--k: "},
           {{"--method", "none"}, "--method: "},
           {{"--k", "5", "--index-recall", "1"}, "--index-recall: "},
           {{"--k", "5", "--index", "trees"}, "--index: "},
           {{"--k", "5", "--index", "short", "--index-lists", "3"}, "--index-lists: "},
           {{"--k", "20"}, "--k: more hard pairs per target than there are candidates"},
           {{"--k", "5", "--relative-margin", "0.1"}, "--relative-margin: a positive-aware margin"},
           {{"--k", "5", "--per-group", "1"},
            "--per-group: nothing tells which captions are equal"},
           {{"--k", "5", "--scratch", "/no/scratch"},
            "--scratch: the scratch folder cannot be used"}}) {
    CAPTURE(options);
    CHECK_THAT(refusal(options), Catch::StartsWith(expected));
  }
  CHECK_THAT(refusal({"--k", "5", "--scratch", "/no/scratch"}),
             Catch::EndsWith("found /no/scratch: No such file or directory"));
}

TEST_CASE("helip mine says what its seed is of") {
  CLI::App app;
  int exit_code = 0;
  add_mine_command(app, exit_code);
  const std::string help = app.get_subcommand("mine")->get_option("--seed")->get_description();
  CHECK_THAT(help,
             Catch::Contains("pools") && Catch::Contains("clusters") && Catch::Contains("samples"));
}

}  // namespace helip::cli
