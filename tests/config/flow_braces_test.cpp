#include "config/yaml/flow_braces.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/error.h"
#include "config/parse.h"

using namespace helip::config;

namespace {

const std::string kRest = "model: {architecture: ViT-B-16}\ntrain: {steps: 9}\n";

std::string corpus_of(const std::string& yaml) {
  return parse_config(yaml + kRest, "c.yaml", "/b").corpus.path;
}

std::string error_of(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  try {
    parse_config(yaml + kRest, "c.yaml", "/b", overrides);
  } catch (const helip::ConfigError& problem) {
    return problem.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("A shard range needs no quotes, in block style and in flow style") {
  const std::string expected = "/data/cc3m/{00000..00331}.tar";
  CHECK(corpus_of("corpus:\n  path: /data/cc3m/{00000..00331}.tar\n") == expected);
  CHECK(corpus_of("corpus: {path: /data/cc3m/{00000..00331}.tar}\n") == expected);
  CHECK(corpus_of("corpus: {path: /data/cc3m/{00000..00331}.tar }  # shards {0..1}\n") == expected);
  CHECK(corpus_of("corpus: {path: '/data/cc3m/{00000..00331}.tar'}\n") == expected);
  CHECK(corpus_of("corpus: {\n  path: /data/cc3m/{00000..00331}.tar\n}\n") == expected);
  CHECK(corpus_of("corpus: {caption_key: \"a'{\", path: /data/cc3m/{00000..00331}.tar}\n") ==
        expected);
  CHECK(corpus_of("corpus: {path: /data/{a,b}/{0..3}.tar::/more/{4..5}.tar, caption_key: x}\n") ==
        "/data/{a,b}/{0..3}.tar::/more/{4..5}.tar");
  CHECK(corpus_of("corpus: {path: /my data/{0..3}.tar, caption_key: x}\n") ==
        "/my data/{0..3}.tar");
}

TEST_CASE("A section given to --set may hold a shard range without quotes") {
  const RunConfig config = parse_config("corpus: {path: x}\n" + kRest, "c.yaml", "/b",
                                        {"corpus={path: /d/{0..3}.tar}", "model.name=tiny"});
  CHECK(config.corpus.path == "/d/{0..3}.tar");
}

TEST_CASE("Lines of errors stay those of the file when braces were quoted") {
  CHECK(error_of("corpus: {path: /d/{0..3}.tar}\nmining:\n  metod: fast\n").rfind("c.yaml:3:", 0) ==
        0);
}

TEST_CASE("Quoting changes nothing but words with braces inside of brackets") {
  for (const std::string same : {
           "corpus: {path: a, b: [c, {d: e}], f: {g: h}}\n",
           "corpus:\n  path: /data/{0..3}.tar\n",
           "corpus:\n  path: it's [a]/{0..3}.tar\n",
           "a: \"{x/{0..3}.tar}\"\nb: '[x/{0..3}'\n",
           "# {x/{0..3}.tar}\na: b\n",
           "a: [b]  # {x/{0..3}.tar}\n",
           "a: {b: \"c\\\"{x/{0..3}\"}\n",
           "a: {b: {0..3}.tar}\n",
           "a: {b: it's/{0..3}.tar}\n",
           "a: {b",
           "a: {b: x{",
           "a: {b: 'x",
           "",
           "{",
       }) {
    CAPTURE(same);
    CHECK(quote_braces_in_flow(same) == same);
  }
  CHECK(quote_braces_in_flow("- [x{0..1}, y]\n- z{2..3}\n") == "- ['x{0..1}', y]\n- z{2..3}\n");
  CHECK(quote_braces_in_flow("{a: s3://x{0..1} : {b: y{a,b}z}}") ==
        "{a: 's3://x{0..1}' : {b: 'y{a,b}z'}}");
}

TEST_CASE("Braces that YAML takes for its own are an error that asks for quotes") {
  const std::string end = "; expected quotes around a value that holds { } [ or ]";
  CHECK(error_of("corpus: {path: {0..3}.tar}\n") ==
        "c.yaml:1: not valid YAML: end of map flow not found" + end);
  CHECK(error_of("corpus: {path: /data/[0-9].tar}\n") ==
        "c.yaml:1: not valid YAML: end of map flow not found" + end);
  CHECK(error_of("corpus: {path: /data/{0..3.tar}\n") ==
        "c.yaml:1: not valid YAML: end of map flow not found" + end);
  CHECK(error_of("corpus: {path: /data/x}y.tar}\n") ==
        "c.yaml:1: not valid YAML: end of map not found" + end);
  CHECK(error_of("corpus: {path: x}\n", {"corpus.path={0..3}.tar"}) ==
        "--set: more than one YAML document" + end);
  CHECK(error_of("corpus: {path: x}\n", {"corpus.path='{0..3}.tar'"}) == "no error");
  CHECK(error_of("corpus: {path: /data/x\n") ==
        "c.yaml:2: not valid YAML: end of map flow not found");
}
