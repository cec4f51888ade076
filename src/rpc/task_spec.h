// What a task is, as the coordinator writes it and a worker runs it: small JSON. Every path comes
// from the coordinator.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/stage.h"

namespace helip::rpc {

struct TaskSpec {
  Stage stage = Stage::kIndex;
  std::string kind;         // range | merge | whole
  std::string name;         // unique in its stage; part of the result's file name
  std::uint64_t first = 0;  // range: samples or targets [first, first + count)
  std::uint64_t count = 0;
  std::uint64_t pairs = 0;         // of the corpus; 0 before it is indexed
  std::uint64_t seed = 0;          // train: seed of the repeat
  std::uint64_t dataset = 0;       // eval: index into eval.datasets
  std::string weights;             // eval: label of the weights ("init", "seed-1")
  std::string corpus_fingerprint;  // as model_digest, empty before the corpus is indexed
  std::string model_digest;        // of the initial model
  std::string config_digest;
  std::string embeddings_digest;  // mine: of what it reads
  std::string features_digest;    // train: of locked towers' features; else empty
  // By role: corpus, index, embeddings, image_embeddings, text_embeddings, features, quarantine,
  // hard_pairs, remined, checkpoints, metrics, model, feature_cache, inputs, results (folder of
  // result files), results_file, work_dir. A role that is absent is not used.
  std::map<std::string, std::string> paths;

  bool operator==(const TaskSpec&) const = default;
  // Throws StoreError naming the task if the role is absent.
  [[nodiscard]] std::filesystem::path path(const std::string& role) const;
};

// Keys in alphabetical order, so equal specs are equal text.
std::string to_json(const TaskSpec& spec);
// Throws StoreError: not JSON, missing, unknown or mistyped keys. `where` names the source.
TaskSpec task_spec_from_json(std::string_view json, std::string_view where);

// A committed result that a merge task reads: a line of its `inputs` file.
struct TaskInput {
  std::string task;  // name
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::string file;  // absolute
  std::string sha256;
  std::string result;  // JSON

  bool operator==(const TaskInput&) const = default;
};

// One JSON object a line.
std::string to_lines(const std::vector<TaskInput>& inputs);
std::vector<TaskInput> task_inputs_from_lines(std::string_view lines, std::string_view where);

// "safetensors" for encoded and mined ranges, else "json".
std::string_view result_extension(const TaskSpec& spec);
// WORK/tasks/<stage>/<task>-<fence>-<first 16 digits of sha256>.<extension>.
std::filesystem::path result_file(const std::filesystem::path& work_dir, Stage stage,
                                  std::string_view name, std::uint64_t fence,
                                  std::string_view sha256, std::string_view extension);

// A result file in JSON names the task it belongs to, so that a lost ledger can be rebuilt from the
// files. The spec is known by its digest; it holds the configuration's digest and the corpus'
// fingerprint.
std::string result_envelope(const TaskSpec& spec, const std::string& result_json);
// The same facts as metadata of a safetensors file, less the result.
std::map<std::string, std::string> result_metadata(const TaskSpec& spec);

}  // namespace helip::rpc
