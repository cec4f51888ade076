#include "common/expand_path.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "common/error.h"

namespace helip {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

struct Environment {
  Environment() {
    ::setenv("HOME", "/home/me$1", 1);
    ::setenv("HELIP_TEST_DATA", "/data/$HOME", 1);
    ::setenv("HELIP_TEST_EMPTY", "", 1);
    ::setenv("HELIP_TEST_BYTES", "\xFF", 1);
    ::unsetenv("HELIP_TEST_UNSET");
  }
};

std::string expanded(const std::string& text) {
  return expand_path(text, "c.yaml:3: output.work_dir");
}

}  // namespace

TEST_CASE_METHOD(Environment, "home folders and variables are expanded, once") {
  CHECK(expanded("~") == "/home/me$1");
  CHECK(expanded("~/hw") == "/home/me$1/hw");
  CHECK(expanded("~root/x").ends_with("/x"));
  CHECK(expanded("~root/x").starts_with("/"));
  CHECK(expanded("$HELIP_TEST_DATA/a") == "/data/$HOME/a");
  CHECK(expanded("${HELIP_TEST_DATA}a/$HELIP_TEST_DATA") == "/data/$HOMEa//data/$HOME");
  CHECK(expanded("a/~/b~") == "a/~/b~");
  CHECK(expanded("cost$$/$$$$a") == "cost$/$$a");
  CHECK(expanded("") == "");
}

TEST_CASE_METHOD(Environment, "lists of shards keep their braces, each part has its own home") {
  CHECK(expanded("data/{00000..00331}.tar") == "data/{00000..00331}.tar");
  CHECK(expanded("~/a.tar::$HELIP_TEST_DATA/{0..3}.tar::~/{a,b}?.tar") ==
        "/home/me$1/a.tar::/data/$HOME/{0..3}.tar::/home/me$1/{a,b}?.tar");
  CHECK(expanded("{$HELIP_TEST_DATA,b}") == "{/data/$HOME,b}");
}

TEST_CASE_METHOD(Environment, "what cannot be expanded is named with its place") {
  const auto refusal = [](const std::string& text) {
    try {
      expanded(text);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(refusal("$HELIP_TEST_UNSET/hw"),
             StartsWith("c.yaml:3: output.work_dir: the environment variable is not set") &&
                 Contains("found '$HELIP_TEST_UNSET'"));
  CHECK_THAT(refusal("a/${HELIP_TEST_EMPTY}"), Contains("the environment variable is empty"));
  CHECK_THAT(refusal("$HELIP_TEST_BYTES"), Contains("not UTF-8"));
  CHECK_THAT(refusal("~nobody-of-this-name/x"),
             Contains("no such user") && Contains("found '~nobody-of-this-name'"));
  for (const char* text : {"a$", "$/x", "$1", "$(pwd)", "${}", "${A", "${A-b}", "${1}", "$-"}) {
    INFO(text);
    CHECK_THAT(refusal(text), Contains("$NAME, ${NAME}, or $$ for a dollar"));
  }
  CHECK(refusal("$" + std::string(100000, 'A')).size() < 400);
}

TEST_CASE_METHOD(Environment, "what was expanded is written so that it reads back the same") {
  for (const char* path : {"/a", "/a$b/$$", "/x/~", "/a::/b$"}) {
    CHECK(expanded(unexpanded_path(path)) == path);
  }
}

}  // namespace helip
