#include "jobs/record.h"

#include <catch2/catch.hpp>
#include <limits>

#include "common/error.h"
#include "jobs/encode.h"
#include "jobs/eval.h"
#include "jobs/index.h"
#include "jobs/mine.h"
#include "jobs/report.h"
#include "jobs/train.h"

using namespace helip;
using namespace helip::jobs;
using Catch::Contains;

namespace {

template <Record T>
void check_round_trip(const T& value) {
  const std::string json = to_json(value);
  CAPTURE(json);
  CHECK(from_json<T>(json, "test") == value);
  // Equal records are equal text.
  CHECK(to_json(from_json<T>(json, "test")) == json);
}

const EvalScores kScores = {.dataset = "a",
                            .model = "m",
                            .pretrained = "init",
                            .task = "t",
                            .metrics = {{"acc1", 0.1}, {"acc5", 1.0 / 3}},
                            .classes = {{.name = "c", .samples = 4, .right = 1}}};

}  // namespace

TEST_CASE("every result survives JSON and back, to the bit") {
  check_round_trip(CorpusFacts{.folder = "/c \"d\"",
                               .fingerprint = "f",
                               .model_digest = "m",
                               .pairs = std::numeric_limits<std::uint64_t>::max()});
  check_round_trip(IndexResult{.corpus = {.folder = "/c", .pairs = 3}, .image_features = true});
  check_round_trip(EncodeResult{.samples = 4, .quarantined = 1});
  check_round_trip(
      MergeEncodedResult{.image_dim = 512, .quarantined = 2, .embeddings_digest = "e"});
  check_round_trip(MineResult{.targets = 5});
  check_round_trip(MergeMinedResult{.pairs = 10, .hard_pairs_per_target = 50});
  check_round_trip(TrainResult{.seed = 1, .steps = 2, .final_loss = 0.1});
  check_round_trip(
      TrainResult{.seed = 1, .steps = 2, .final_loss = 1e-300, .best_step = 7, .best_score = 0.7});
  check_round_trip(EvalDatasetResult{});
  check_round_trip(EvalDatasetResult{.scores = {kScores, kScores}});
  check_round_trip(MergeEvalResult{.entries = 6});
  check_round_trip(ReportResult{});
}

TEST_CASE("a result with a missing, unknown or mistyped key is refused, naming place and key") {
  const auto message = [](const std::string& json) -> std::string {
    try {
      from_json<EncodeResult>(json, "encode/range-0");
    } catch (const StoreError& error) {
      return error.what();
    }
    return "taken";
  };
  CHECK(message(R"({"samples":4,"quarantined":1})") == "taken");
  CHECK_THAT(message("{}"), Contains("encode/range-0: samples: a key is missing"));
  CHECK_THAT(message(R"({"samples":4})"),
             Contains("encode/range-0: quarantined: a key is missing"));
  CHECK_THAT(message(R"({"samples":4,"quarantined":1,"x":0})"),
             Contains("encode/range-0: x: unknown key"));
  for (const char* value : {"-1", "1.0", "\"1\"", "null", "true", "[1]", "18446744073709551616"}) {
    CAPTURE(value);
    CHECK_THAT(
        message(cat(R"({"quarantined":1,"samples":)", value, "}")),
        Contains("encode/range-0: samples: a value has the wrong type; expected a whole number"));
  }
  for (const char* json : {"", "[]", "1", "null", "{", "{\"samples\":4", "\xFF"}) {
    CAPTURE(json);
    CHECK_THAT(message(json), Contains("encode/range-0: not a JSON object"));
  }
}

TEST_CASE("keys inside of keys are named with both") {
  const auto message = [](const std::string& json) -> std::string {
    try {
      from_json<EvalDatasetResult>(json, "eval/a");
    } catch (const StoreError& error) {
      return error.what();
    }
    return "taken";
  };
  CHECK_THAT(message(R"({"scores":[{}]})"), Contains("eval/a: scores: dataset: a key is missing"));
  CHECK_THAT(message(R"({"scores":{}})"), Contains("eval/a: scores: a value has the wrong type"));
  CHECK_THAT(
      message(
          R"({"scores":[{"dataset":"","model":"","pretrained":"","task":"","metrics":{"a":""}}]})"),
      Contains("metrics.a: a value has the wrong type; expected a number"));
}
