#include "eval/results.h"

#include <catch2/catch.hpp>
#include <limits>

#include "common/error.h"
#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::eval {
namespace {

using Catch::Matchers::Contains;

std::vector<EvalResult> sample_results() {
  return {{.dataset = "openclipart",
           .model = "ViT-B-16",
           .pretrained = "seed-1",
           .task = "zeroshot_classification",
           .metrics = {{"acc1", 1.0 / 3}, {"acc5", 0.1 + 0.2}, {"mean_per_class_recall", 1}}},
          {.dataset = "fünf \"x\"",
           .model = "m",
           .pretrained = "init",
           .task = "zeroshot_retrieval",
           .metrics = {},
           .language = "de"}};
}

void check_equal(const std::vector<EvalResult>& a, const std::vector<EvalResult>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].dataset == b[i].dataset);
    CHECK(a[i].model == b[i].model);
    CHECK(a[i].pretrained == b[i].pretrained);
    CHECK(a[i].task == b[i].task);
    CHECK(a[i].metrics == b[i].metrics);
    CHECK(a[i].language == b[i].language);
  }
}

TEST_CASE("results survive a round trip exactly, through memory and a file") {
  const auto results = sample_results();
  const std::string json = to_json(results);
  check_equal(results_from_json(json, "memory"), results);
  CHECK(to_json(results_from_json(json, "memory")) == json);

  const test::TemporaryFolder folder;
  write_results(folder.path() / "results.json", results);
  check_equal(read_results(folder.path() / "results.json"), results);
}

TEST_CASE("an entry has clip_benchmark's form") {
  std::vector<EvalResult> results = sample_results();
  results.resize(1);
  results[0].metrics = {{"acc1", 0.5}};
  CHECK(to_json(results) == R"([
  {
    "dataset": "openclipart",
    "model": "ViT-B-16",
    "pretrained": "seed-1",
    "task": "zeroshot_classification",
    "metrics": {
      "acc1": 0.5
    },
    "language": "en"
  }
]
)");
  CHECK(results_from_json("[]", "memory").empty());
}

TEST_CASE(
    "a file of one result is the dictionary that clip_benchmark writes, its probe's settings too") {
  const EvalResult result = {.dataset = "d",
                             .model = "m",
                             .pretrained = "p",
                             .task = "linear_probe",
                             .metrics = {{"epochs", 10},
                                         {"fewshot_k", -1},
                                         {"lp_acc1", 1},
                                         {"normalized", 1},
                                         {"seed", 3},
                                         {"weight_decay", 0.5}},
                             .classes = {{.name = "cat", .samples = 2, .right = 1}}};
  const std::string json = to_json(result);
  CHECK(
      json ==
      R"({"dataset":"d","model":"m","pretrained":"p","task":"linear_probe","metrics":{"epochs":10,)"
      R"("fewshot_k":-1,"lp_acc1":1.0,"normalized":true,"seed":3,"weight_decay":0.5},)"
      R"("language":"en"})"
      "\n");
  CHECK(results_from_json("[" + json + "]", "memory").at(0).metrics == result.metrics);
}

TEST_CASE("a metric that is not finite is refused") {
  std::vector<EvalResult> results = sample_results();
  results[0].metrics["acc1"] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(to_json(results), Contains("acc1") && Contains("openclipart"));
}

TEST_CASE("a truncated file is refused at every length") {
  const std::string json = to_json(sample_results());
  for (std::size_t length = 0; length + 1 < json.size(); ++length) {
    INFO(length);
    CHECK_THROWS_AS(results_from_json(json.substr(0, length), "results.json"), StoreError);
  }
}

TEST_CASE("a byte with its top bit flipped is refused wherever it stands") {
  const std::string json = to_json(sample_results());
  for (std::size_t at = 0; at < json.size(); ++at) {
    std::string damaged = json;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
    INFO(at);
    CHECK_THROWS_AS(results_from_json(damaged, "results.json"), StoreError);
  }
}

TEST_CASE("malformed results name the entry and what is wrong") {
  const auto entry = [](const std::string& body) { return "[{" + body + "}]"; };
  const std::string head =
      R"("dataset":"d","model":"m","pretrained":"p","task":"t","language":"en")";
  const auto refused = [](const std::string& json, const std::string& part) {
    INFO(json);
    CHECK_THROWS_WITH(results_from_json(json, "r.json"), Contains(part) && Contains("r.json"));
    CHECK_THROWS_AS(results_from_json(json, "r.json"), StoreError);
  };
  check_equal(results_from_json(entry(head + R"(,"metrics":{})"), "r.json"),
              {{.dataset = "d", .model = "m", .pretrained = "p", .task = "t", .metrics = {}}});
  refused("{}", "not a list");
  refused("[1]", "not an object");
  refused(entry(head), "metrics");
  refused(entry(head + R"(,"metrics":[])"), "object");
  refused(entry(head + R"(,"metrics":{"acc1":"high"})"), "acc1");
  refused(entry(head + R"(,"metrics":{"acc1":null})"), "acc1");
  refused(entry(head + R"(,"metrics":{"acc1":1e999})"), "JSON");
  refused(entry(head + R"(,"metrics":{},"time":1)"), "time");
  refused(entry(head + R"(,"metrics":{},"task":"u")"), "twice");
  refused(entry(head + R"(,"metrics":{"acc1":1,"acc1":0})"), "twice");
  refused(
      entry(R"("dataset":1,"model":"m","pretrained":"p","task":"t","language":"en","metrics":{})"),
      "'dataset' has another type");
  refused(entry(R"("dataset":"d","metrics":{})"), "a key is missing; expected model");
  refused(entry(head + R"(,"metrics":{"acc1":true})"), "acc1");
  refused(entry(head + R"(,"metrics":{})") + "]", "JSON");
}

TEST_CASE("a missing file is a store error that names it") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_WITH(read_results(folder.path() / "none.json"), Contains("none.json"));
}

}  // namespace
}  // namespace helip::eval
