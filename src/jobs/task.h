// What a lease carries: which task of which stage, and the stage's own part of it. The coordinator
// makes tasks, a worker runs them; both know the parts from the headers of the stages beside this
// one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "jobs/record.h"
#include "jobs/stage.h"

namespace helip::jobs {

// What index found. A worker compares corpus and model with it before it works for the job.
struct CorpusFacts {
  std::string folder = {};  // with manifest.json; absolute
  std::string fingerprint = {};
  std::string model_digest = {};  // of the initial weights and of what encodes
  std::uint64_t pairs = 0;

  bool operator==(const CorpusFacts&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        field("folder", &CorpusFacts::folder), field("fingerprint", &CorpusFacts::fingerprint),
        field("model_digest", &CorpusFacts::model_digest), field("pairs", &CorpusFacts::pairs)};
  }
};

// The kinds of tasks. A range works on some samples or targets and writes safetensors, a merge
// joins the results of all other tasks of its stage, a whole is neither.
inline constexpr std::string_view kRange = "range", kMerge = "merge", kWhole = "whole";
// The name of a stage's one merge task.
inline constexpr std::string_view kMergeName = kMerge;

struct Task {
  Stage stage = Stage::kIndex;
  std::string kind = {};           // kRange, kMerge or kWhole
  std::string name = {};           // unique in its stage; part of the result's file name
  std::string config_digest = {};  // of the configuration's keys that the result depends on
  CorpusFacts corpus = {};         // empty before the corpus is indexed
  std::string body = {};           // JSON of the stage's own struct

  bool operator==(const Task&) const = default;
};

// Makes the task whose own part is `body`, a struct of jobs/<stage>.h.
template <Record Body>
Task make_task(std::string name, std::string config_digest, const CorpusFacts& corpus,
               const Body& body) {
  return {.stage = Body::kStage,
          .kind = std::string(Body::kKind),
          .name = std::move(name),
          .config_digest = std::move(config_digest),
          .corpus = corpus,
          .body = to_json(body)};
}

// Returns "mine/range-0000000000", for messages.
std::string label(const Task& task);

// Throws StoreError if the task is of another stage or kind.
void expect_kind(const Task& task, Stage stage, std::string_view kind);

// Returns the stage's own part. Throws StoreError if the task is of another stage or kind, or the
// part is damaged.
template <Record Body>
Body body_of(const Task& task) {
  expect_kind(task, Body::kStage, Body::kKind);
  return from_json<Body>(task.body, label(task));
}

// Returns the task's JSON, keys in alphabetical order, so equal tasks are equal text.
std::string to_json(const Task& task);
// Returns the task that a text holds. Throws StoreError for what is not JSON and for missing,
// unknown or mistyped keys. `where` names the source.
Task task_from_json(std::string_view json, const std::string& where);

// Returns the name of the range task that begins at `first`. Names sort like the numbers.
std::string range_name(std::uint64_t first);

// A committed result that a merge task reads: a line of WORK/tasks/<stage>/merge-inputs.jsonl.
struct MergeInput {
  std::string task = {};    // name
  std::uint64_t first = 0;  // of a range: samples or targets [first, first + count)
  std::uint64_t count = 0;
  std::string file = {};  // absolute
  std::string sha256 = {};

  bool operator==(const MergeInput&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("task", &MergeInput::task), field("first", &MergeInput::first),
                      field("count", &MergeInput::count), field("file", &MergeInput::file),
                      field("sha256", &MergeInput::sha256)};
  }
};

// Returns one JSON object a line.
std::string to_lines(const std::vector<MergeInput>& inputs);
// Returns the inputs that lines hold. Throws StoreError naming `where` and the line.
std::vector<MergeInput> merge_inputs_from_lines(std::string_view lines, const std::string& where);

}  // namespace helip::jobs
