// What the programs say of options and errors, as main does it.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <new>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/guarded_main.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "support/temporary_folder.h"

namespace helip::cli {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

// What `body` writes to one of the standard streams.
std::string written(std::ostream& stream, const std::function<void()>& body) {
  std::ostringstream text;
  std::streambuf* const former = stream.rdbuf(text.rdbuf());
  body();
  stream.rdbuf(former);
  return text.str();
}

struct Said {
  int code = 0;
  std::string line;
};

Said said(const std::function<int()>& body) {
  Said result;
  result.line = written(std::cerr, [&] { result.code = guarded_main(body); });
  CHECK(result.line.size() <= 500);
  CHECK(std::count(result.line.begin(), result.line.end(), '\n') == 1);
  CHECK(std::none_of(result.line.begin(), result.line.end() - 1,
                     [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
  return result;
}

// `helip WORDS`; the commands tested here end with an error.
Said helip_with(std::vector<std::string> words) {
  CLI::App app{"", "helip"};
  int code = 0;
  add_eval_command(app, code);
  add_convert_command(app, code);
  add_mine_command(app, code);
  add_data_command(app, code);
  add_pairs_command(app, code);
  add_report_command(app, code);
  add_run_command(app, code);
  std::reverse(words.begin(), words.end());
  return said([&] {
    parse_words(app, words);
    return code;
  });
}

}  // namespace

TEST_CASE("lists of numbers and tasks are taken with commas, or one by one") {
  const auto eval = [](std::vector<std::string> more) {
    std::vector<std::string> words = {"eval", "--model", "/no/such/model", "--dataset", "d"};
    words.insert(words.end(), more.begin(), more.end());
    return helip_with(words);
  };
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--task", "zero_shot,retrieval", "--recall-k", "1,5"},
           {"--task", "zero_shot", "retrieval", "--recall-k", "1", "5"},
           {"--task=zero_shot", "--task=retrieval", "--recall-k=1,5,10"}}) {
    CHECK_THAT(eval(words).line, StartsWith("error: --model: no such model"));
  }
  CHECK(eval({"--task", "zero_shot,cooking"}).line ==
        "error: usage: --task: expected one of zero_shot,retrieval,linear_probe; found cooking "
        "(--help tells more)\n");
  const auto usage = [&](const std::string& option, const std::string& value) {
    const Said line = eval({"--task", "retrieval", option, value});
    CHECK(line.code == kExitUsage);
    return line.line;
  };
  CHECK_THAT(usage("--recall-k", "1,five"),
             Contains("--recall-k: expected a number above 0; found five (--help tells more)"));
  CHECK_THAT(usage("--recall-k", "0"), Contains("expected a number above 0; found 0 ("));
  CHECK_THAT(usage("--recall-k", "1.5"),
             Contains("--recall-k: expected a whole number, 0 or more; found 1.5"));
  CHECK_THAT(usage("--threads", "0"), Contains("--threads: expected 1 to 1024; found 0 ("));
  CHECK_THAT(usage("--threads", std::string(300, '9')),
             Contains("999…999") && Contains("(--help tells more)"));
  CHECK_THAT(usage("--threads", ""), Contains("--threads: ") && !Contains("found  "));
  CHECK(eval({"--task", std::string(100000, 'x') + "\x01"}).code == kExitUsage);
}

TEST_CASE("paths of options are expanded unless they are there as written") {
  ::setenv("HELIP_TEST_FOLDER", "/no/such/folder", 1);
  ::unsetenv("HELIP_TEST_UNSET");
  const Said expanded = helip_with(
      {"eval", "--model", "$HELIP_TEST_FOLDER/m", "--dataset", "d", "--task", "retrieval"});
  CHECK_THAT(expanded.line, Contains("found /no/such/folder/m"));
  const Said unset = helip_with({"convert", "a", "${HELIP_TEST_UNSET}/b"});
  CHECK(unset.code == kExitUsage);
  CHECK_THAT(unset.line, StartsWith("error: OUT: the environment variable is not set"));

  const test::TemporaryFolder folder;
  const std::string there = (folder.path() / "a$b").string();
  std::filesystem::create_directory(there);
  CLI::App app;
  std::vector<std::string> paths;
  as_path(app.add_option("SRC", paths));
  std::vector<std::string> words = {"$HELIP_TEST_FOLDER", there};
  std::reverse(words.begin(), words.end());
  app.parse(words);
  CHECK(paths == std::vector<std::string>{"/no/such/folder", there});
}

TEST_CASE("an unknown word is named before an option that is missing") {
  for (const auto& [words, unknown] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"run", "--cofnig", "c.yaml"}, "--cofnig"},
           {{"run", "c.yaml"}, "c.yaml"},
           {{"mine", "--oot", "x", "--k", "4"}, "--oot"},
           {{"convert", "--modle", "x"}, "--modle"},
           {{"pairs", "exprot", "x"}, "exprot"}}) {
    const Said result = helip_with(words);
    CHECK(result.code == kExitUsage);
    CHECK_THAT(result.line, Contains("not expected: " + unknown + " (--help"));
  }
  CHECK_THAT(helip_with({"run"}).line, Contains("--config is required"));
}

TEST_CASE("an output that cannot be made is refused before the work") {
  const test::TemporaryFolder folder;
  const std::string out = (folder.path() / (std::string(300, 'n'))).string();
  const Said mine = helip_with({"mine", "--image-embeddings", folder.path(), "--text-embeddings",
                                folder.path(), "--out", out});
  CHECK(mine.code == kExitUsage);
  CHECK_THAT(mine.line, StartsWith("error: --out: the output's name is too long"));
  const Said eval = helip_with({"eval", "--model", "m", "--dataset", "d", "--task", "retrieval",
                                "--json", folder.path().string()});
  CHECK_THAT(eval.line, StartsWith("error: --json: the output is a folder"));
  const std::filesystem::path pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"pairs", "export", "T", "--format", "csv", "--out"},
                                             {"pairs", "export", "T", "--format", "npy", "--out"},
                                             {"report", "w", "--compare", "v", "--out"},
                                             {"data", "import", "s.tar", "--out"}}) {
    for (const std::string& place : {folder.path().string(), pipe.string(), out}) {
      std::vector<std::string> all = words;
      all.push_back(place);
      const Said result = helip_with(all);
      CHECK(result.code == kExitUsage);
      CHECK_THAT(result.line, StartsWith("error: --out: the output"));
    }
  }
  CHECK(std::filesystem::is_fifo(pipe));
  for (const std::string command :
       {"pairs export T --format csv --out", "data import s.tar --out"}) {
    std::istringstream text(command);
    std::vector<std::string> words{std::istream_iterator<std::string>(text), {}};
    words.emplace_back();
    CHECK_THAT(helip_with(words).line, StartsWith("error: --out: the output has no name"));
  }
}

TEST_CASE("every error is one short line, of the file system and of memory too") {
  const auto thrown = [](const auto& error) { return said([&]() -> int { throw error; }); };
  const Said file = said([]() -> int {
    static_cast<void>(std::filesystem::file_size("/no/such/" + std::string(100, 'x')));
    return 0;
  });
  CHECK(file.code == kExitFailed);
  CHECK_THAT(file.line, StartsWith("error: /no/such/x") && Contains("No such file or directory") &&
                            !Contains("filesystem error"));
  CHECK_THAT(thrown(std::bad_alloc()).line, Contains("not enough memory"));
  CHECK(thrown(std::runtime_error(std::string(100000, '\x01') + "\n")).code == kExitFailed);
  CHECK(thrown(DataError({.what = std::string(100000, 'y')})).code == kExitFailed);
}

TEST_CASE("lines on stdout are short and printable, JSON is whole and UTF-8") {
  const std::string text =
      written(std::cout, [] { print_lines("a\x1b[31m\n" + std::string(100000, 'x') + "\n\nb\n"); });
  std::istringstream lines(text);
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) found.push_back(line);
  REQUIRE(found.size() == 4);
  CHECK(found[0] == "a\\x1b[31m");
  CHECK(found[1].size() <= kMostLineBytes);
  CHECK(found[2].empty());
  CHECK(found[3] == "b");
  CHECK(written(std::cout, [] {
          print_json({{"path", "a\xFF"}});
        }) == "{\"path\":\"a\xEF\xBF\xBD\"}\n");
}

}  // namespace helip::cli
