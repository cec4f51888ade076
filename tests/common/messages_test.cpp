#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <new>
#include <stdexcept>
#include <string>

#include "common/error.h"
#include "common/error_transfer.h"
#include "common/output_place.h"
#include "common/text.h"
#include "support/temporary_folder.h"

namespace helip {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

template <typename Call>
std::string line_of_thrown(Call&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return line_of(error);
  }
  return "nothing thrown";
}

}  // namespace

TEST_CASE("errors of the file system and of memory become lines of their own") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "file";
  std::ofstream(file) << "x";
  const std::string line = line_of_thrown([&] { fs::create_directories(file / "a"); });
  CHECK_THAT(line, Catch::Matchers::StartsWith(file.string()) && Contains("Not a directory") &&
                       !Contains("filesystem error"));
  const fs::path other = folder.path() / "other";
  const std::string both = line_of_thrown([&] { fs::rename(folder.path() / "gone", other); });
  CHECK(both == (folder.path() / "gone").string() + " and " + other.string() +
                    ": cannot rename; found No such file or directory");
  CHECK(line_of_thrown([&] { static_cast<void>(fs::exists(std::string(300, 'n'))); }) ==
        std::string(300, 'n') + ": cannot look at the file or folder; found File name too long");
  CHECK_THAT(line_of(std::bad_alloc()), Contains("not enough memory"));
  CHECK_THAT(line_of(std::length_error("vector::reserve")), Contains("found vector::reserve"));
  CHECK(line_of(std::runtime_error("")) == "an error without a message");
  CHECK(line_of(DataError({.what = "x", .where = "y"})) == "y: x");
}

TEST_CASE("a number of hundreds of digits is shortened, and white space is seen") {
  const std::string digits(300, '7');
  CHECK(with_short_numbers("a " + digits + "b") == "a 777777777777…777777777777b");
  CHECK(with_short_numbers(std::string(40, '1') + " 12.5") == std::string(40, '1') + " 12.5");
  CHECK(to_line({.what = digits, .where = "p/" + digits, .found = digits}) ==
        "p/777777777777…777777777777: 777777777777…777777777777; found 777777777777…777777777777");
  CHECK(to_line({.what = "w", .expected = " ", .found = "\t"}) == "w; expected ' '; found '\\x09'");
}

TEST_CASE("a place for an output is told from one that is taken or cannot be written") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "file";
  std::ofstream(file) << "x";
  const auto refusal = [&](const fs::path& path, Existing existing) -> std::string {
    try {
      check_output_place(path, "--out", existing);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  for (const Existing existing : {Existing::kRefused, Existing::kReplaced}) {
    CHECK(refusal(folder.path() / "new", existing).empty());
    CHECK(refusal(folder.path() / "a/b/new", existing).empty());
    CHECK_THAT(refusal(file / "new", existing),
               Contains("--out: the output's folder is no folder"));
    CHECK_THAT(refusal(file / "a/new", existing), Contains("is no folder"));
    CHECK_THAT(refusal("", existing), Contains("no name"));
    CHECK_THAT(refusal(folder.path() / std::string(221, 'n'), existing), Contains("too long"));
  }
  CHECK(refusal(folder.path() / "new/", Existing::kRefused).empty());
  CHECK_THAT(refusal(folder.path() / "new/", Existing::kReplaced), Contains("is a folder"));
  CHECK_THAT(refusal(file, Existing::kRefused), Contains("exists already"));
  CHECK(refusal(file, Existing::kReplaced).empty());
  CHECK_THAT(refusal(folder.path(), Existing::kReplaced), Contains("the output is a folder"));
}

TEST_CASE("an output takes the place of a file alone, through a link too") {
  const test::TemporaryFolder folder;
  const auto refusal = [](const fs::path& path, Existing existing) -> std::string {
    try {
      check_output_place(path, "--out", existing);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  const fs::path file = folder.path() / "file", pipe = folder.path() / "pipe";
  std::ofstream(file) << "x";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto link = [&](const std::string& name, const fs::path& target) {
    fs::create_symlink(target, folder.path() / name);
    return folder.path() / name;
  };
  const fs::path dangling = link("dangling", folder.path() / "gone");
  CHECK(refusal(link("to_file", file), Existing::kReplaced).empty());
  CHECK_THAT(refusal(pipe, Existing::kReplaced), Contains("found a named pipe"));
  CHECK_THAT(refusal(link("to_pipe", pipe), Existing::kReplaced), Contains("found a named pipe"));
  CHECK_THAT(refusal(dangling, Existing::kReplaced), Contains("found a link that leads nowhere"));
  CHECK_THAT(refusal(link("loop", "loop"), Existing::kReplaced), Contains("leads nowhere"));
  for (const Existing existing : {Existing::kRefused, Existing::kReplaced}) {
    CHECK_THAT(refusal(dangling / "x", existing),
               Contains("is no folder") && Contains("found a link that leads nowhere"));
    CHECK_THAT(refusal(pipe / "x", existing), Contains("found a named pipe"));
  }
}

TEST_CASE("an error that crossed to another process is of its kind, with its parts") {
  const Problem problem = {.what = "12:wrong", .where = "", .expected = "a\nb", .found = "7:"};
  const std::string packed = pack_error(DataError(problem));
  try {
    throw_packed(packed);
  } catch (const DataError& error) {
    CHECK(error.problem().what == problem.what);
    CHECK(error.problem().where == problem.where);
    CHECK(error.problem().expected == problem.expected);
    CHECK(error.problem().found == problem.found);
    CHECK(error.what() == to_line(problem));
  }
  CHECK_THROWS_AS(throw_packed(pack_error(ConfigError(problem))), ConfigError);
  CHECK_THROWS_AS(throw_packed(pack_error(StoreError(problem))), StoreError);
  CHECK_THROWS_AS(throw_packed(pack_error(CommError(problem))), CommError);
  CHECK(line_of_thrown([] { throw_packed(pack_error(std::bad_alloc())); }) ==
        line_of(std::bad_alloc()));
}

TEST_CASE("what is not a packed error is refused") {
  const std::string packed = pack_error(DataError({.what = "wrong", .where = "here"}));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    CHECK_THROWS_AS(throw_packed(packed.substr(0, size)), CommError);
  }
  CHECK_THROWS_AS(throw_packed("d5:wrong-1:"), CommError);
  CHECK_THROWS_AS(throw_packed("d99999999999999999999999:"), CommError);
}

}  // namespace helip
