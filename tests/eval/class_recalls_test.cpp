#include "eval/class_recalls.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::eval {
namespace {

using Catch::Matchers::Contains;

std::vector<EvalResult> sample_results() {
  EvalResult classified = {.dataset = "icons",
                           .model = "m",
                           .pretrained = "seed-1",
                           .task = "zeroshot_classification",
                           .metrics = {{"acc1", 0.5}},
                           .classes = {{.name = "a \"cat\"", .samples = 4, .right = 1},
                                       {.name = "", .samples = 0, .right = 0}}};
  EvalResult retrieved = {.dataset = "pairs",
                          .model = "m",
                          .pretrained = "seed-1",
                          .task = "zeroshot_retrieval",
                          .metrics = {}};
  return {classified, retrieved};
}

TEST_CASE("the classes of classifications survive a round trip through a file") {
  const auto results = sample_results();
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "class_recalls.json";
  write_class_recalls(file, results);
  const std::string text = read_text_file(file);
  CHECK(text == class_recalls_to_json(results));
  const auto found = class_recalls_from_json(text, file.string());
  REQUIRE(found.size() == 1);  // retrieval has no classes
  CHECK(found[0] == ClassRecalls{.dataset = "icons",
                                 .model = "m",
                                 .pretrained = "seed-1",
                                 .task = "zeroshot_classification",
                                 .classes = results[0].classes});
  CHECK(class_recalls_from_json("[]", "memory").empty());
}

TEST_CASE("a truncated file of classes, or one with a top bit flipped, is refused") {
  const std::string json = class_recalls_to_json(sample_results());
  for (std::size_t at = 0; at + 1 < json.size(); ++at) {
    INFO(at);
    CHECK_THROWS_AS(class_recalls_from_json(json.substr(0, at), "c.json"), StoreError);
    std::string damaged = json;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
    CHECK_THROWS_AS(class_recalls_from_json(damaged, "c.json"), StoreError);
  }
}

TEST_CASE("malformed classes name the entry, the class and what is wrong") {
  const auto refused = [](const std::string& classes, const std::string& part) {
    INFO(classes);
    const std::string json =
        R"([{"dataset":"d","model":"m","pretrained":"p","task":"t","classes":)" + classes + "}]";
    CHECK_THROWS_WITH(class_recalls_from_json(json, "c.json"),
                      Contains(part) && Contains("c.json entry 0"));
  };
  refused("1", "'classes' has another type");
  refused("[1]", "class 0: a result is not an object");
  refused(R"([{"name":"a","samples":1}])", "a key is missing; expected right");
  refused(R"([{"name":"a","samples":1,"right":0.5}])", "'right' has another type");
  refused(R"([{"name":"a","samples":-1,"right":0}])", "'samples' has another type");
  refused(R"([{"name":1,"samples":1,"right":1}])", "'name' has another type");
  refused(R"([{"name":"a","samples":1,"right":2}])",
          "a class has more right samples than samples; expected at most 1; found 2");
  refused(R"([{"name":"a","samples":1,"right":1,"recall":1}])", "unknown key");
}

}  // namespace
}  // namespace helip::eval
