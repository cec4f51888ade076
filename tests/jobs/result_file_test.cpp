#include "jobs/result_file.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "jobs/encode.h"
#include "jobs/index.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::jobs;
using Catch::Contains;

namespace {

const CorpusFacts kCorpus = {.folder = "/c", .fingerprint = "f", .model_digest = "m", .pairs = 10};
const Task kIndexed = make_task("index", "digest", {}, IndexTask{});
const Task kRangeTask = make_task(range_name(4), "digest", kCorpus, EncodeTask{4, 6});

const std::string kResult = to_json(EncodeResult{.samples = 6, .quarantined = 1});

}  // namespace

TEST_CASE("a task survives JSON and back; equal tasks are equal text") {
  for (const Task& task : {kIndexed, kRangeTask}) {
    const Task read = task_from_json(to_json(task), "test");
    CHECK(read == task);
    CHECK(to_json(read) == to_json(task));
  }
  CHECK(kRangeTask.name == "range-0000000004");
  CHECK(label(kRangeTask) == "encode/range-0000000004");
  CHECK(body_of<EncodeTask>(kRangeTask).count == 6);
  CHECK_THROWS_WITH(body_of<MergeEncodedTask>(kRangeTask),
                    Contains("another kind; expected encode, merge; found encode, range"));
  CHECK_THROWS_WITH(body_of<IndexTask>(kRangeTask), Contains("expected index, whole"));
}

TEST_CASE("a damaged task is refused, wherever it is cut") {
  const std::string json = to_json(kRangeTask);
  for (std::size_t length = 0; length < json.size(); ++length) {
    CHECK_THROWS_AS(task_from_json(json.substr(0, length), "test"), StoreError);
  }
  Task task = kRangeTask;
  task.body = R"({"first":4})";
  CHECK_THROWS_WITH(body_of<EncodeTask>(task_from_json(to_json(task), "test")),
                    Contains("encode/range-0000000004: count: a key is missing"));
}

TEST_CASE("the name of a result file says task, fence and digest") {
  const std::string digest(64, 'a');
  CHECK(result_name(kRangeTask, 3, digest) == "range-0000000004-3-aaaaaaaaaaaaaaaa.safetensors");
  CHECK(result_name(kIndexed, 1, digest) == "index-1-aaaaaaaaaaaaaaaa.json");
  const auto attempt = attempt_in("range-0000000004-3-aaaaaaaaaaaaaaaa.safetensors", kRangeTask);
  REQUIRE(attempt);
  CHECK(attempt->fence == 3);
  CHECK(attempt->digest_prefix == std::string(16, 'a'));
  for (const char* other :
       {"range-0000000004-3-aaaaaaaaaaaaaaaa.json",
        "range-0000000005-3-aaaaaaaaaaaaaaaa.safetensors",
        "range-0000000004-x-aaaaaaaaaaaaaaaa.safetensors", "range-0000000004-3-aaaa.safetensors",
        "range-0000000004-3.partial.safetensors", "range-0000000004-.safetensors", ""}) {
    CAPTURE(other);
    CHECK_FALSE(attempt_in(other, kRangeTask));
  }
}

TEST_CASE("a result file gives back the result of its own task alone") {
  const test::TemporaryFolder folder;
  const bool is_range = GENERATE(true, false);
  const Task task = is_range ? kRangeTask : kIndexed;
  const auto file = folder.path() / "result";
  const auto write = [&](const Task& of) {
    if (is_range) {
      store::write_safetensors(file, {}, result_metadata(of, kResult));
    } else {
      publish_file(file, result_text(of, kResult));
    }
  };
  write(task);
  CHECK(read_result(file, task) == kResult);
  if (!is_range) CHECK(read_committed_result(file) == kResult);

  const auto refusal = [&](const Task& of) -> std::string {
    write(of);
    try {
      read_result(file, task);
    } catch (const StoreError& error) {
      return error.what();
    }
    return "taken";
  };
  Task other = task;
  other.name = "other";
  CHECK_THAT(refusal(other), Contains("of another task; expected " + label(task)));
  other = task;
  other.config_digest = "other";
  CHECK_THAT(refusal(other), Contains("of another configuration, corpus or model"));
  other = task;
  other.corpus.model_digest = "other";
  CHECK_THAT(refusal(other), Contains("of another configuration, corpus or model"));
}

TEST_CASE("a damaged result file is refused") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "result";
  const std::string text = result_text(kIndexed, kResult);
  for (std::size_t length = 0; length + 2 < text.size(); length += 5) {
    publish_file(file, text.substr(0, length));
    CHECK_THROWS_AS(read_result(file, kIndexed), StoreError);
  }
  publish_file(file, result_text(kIndexed, cat("\"", std::string(300 << 10, 'a'), "\"")));
  CHECK_THROWS_WITH(read_result(file, kIndexed), Contains("too large"));
  store::write_safetensors(folder.path() / "bare", {}, {{"task", "x"}});
  CHECK_THROWS_WITH(read_result(folder.path() / "bare", kRangeTask), Contains("lacks a key"));
}

TEST_CASE("the inputs of a merge survive their file; a cut or damaged line is named") {
  const std::vector<MergeInput> inputs = {
      {.task = "a", .first = 0, .count = 4, .file = "/f", .sha256 = "s"},
      {.task = "b", .first = 4, .count = 2, .file = "/g\n", .sha256 = "t"}};
  const std::string lines = to_lines(inputs);
  CHECK(merge_inputs_from_lines(lines, "list") == inputs);
  CHECK(merge_inputs_from_lines("", "list").empty());
  CHECK_THROWS_WITH(merge_inputs_from_lines(lines.substr(0, lines.size() - 1), "list"),
                    Contains("list: the last line is cut off"));
  CHECK_THROWS_WITH(merge_inputs_from_lines(to_json(inputs[0]) + "\n{}\n", "list"),
                    Contains("list:2: task: a key is missing"));
}
