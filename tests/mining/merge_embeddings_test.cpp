#include "mining/encode/merge_embeddings.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "data/corpus/quarantine.h"
#include "mining_support.h"
#include "store/embedding_store.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;
using helip::data::QuarantineEntry;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kPairs = 23;

// Values that tell which tensor, row and element they are.
float value_at(int tensor, std::uint64_t row, std::uint64_t element) {
  return static_cast<float>(tensor) * 1000.0F + static_cast<float>(row) +
         static_cast<float>(element) / 64.0F;
}

struct Tensor {
  std::string name;
  std::uint64_t dim;
};
const std::vector<Tensor> kTensors = {
    {"image_embeddings", 4}, {"text_embeddings", 4}, {"image_features", 6}, {"text_features", 3}};

// A result as an encode session writes it, of the first `tensors` kinds.
TaskResult write_result(const fs::path& file, TargetRange range, std::size_t tensors,
                        const std::vector<QuarantineEntry>& quarantine) {
  std::vector<std::vector<float>> values(tensors);
  std::map<std::string, helip::store::TensorView> views;
  for (std::size_t t = 0; t < tensors; ++t) {
    for (std::uint64_t row = range.first; row < range.first + range.count; ++row) {
      for (std::uint64_t e = 0; e < kTensors[t].dim; ++e) {
        values[t].push_back(value_at(static_cast<int>(t), row, e));
      }
    }
    views[kTensors[t].name] = {
        "F32", {range.count, kTensors[t].dim}, std::as_bytes(std::span<const float>(values[t]))};
  }
  helip::store::write_safetensors(file, views,
                                  {{"quarantine", helip::data::quarantine_to_json(quarantine)}});
  return {range, file};
}

QuarantineEntry entry_of(std::uint64_t sample) {
  return {.sample = sample, .shard = "0.tar", .offset = 512, .key = "k", .reason = "not an image"};
}

std::vector<TaskResult> good_results(const fs::path& folder, std::size_t tensors) {
  // Not in the order of their ranges.
  return {write_result(folder / "b", {10, 8}, tensors, {entry_of(17), entry_of(10)}),
          write_result(folder / "c", {18, 5}, tensors, {}),
          write_result(folder / "a", {0, 10}, tensors, {entry_of(3)})};
}

EncodeOutput output_in(const fs::path& folder) {
  return {.embeddings = folder / "embeddings",
          .features = folder / "features",
          .quarantine = folder / "corpus"};
}

void check_rows(const fs::path& file, int tensor) {
  const auto array = helip::store::NpyArray::open(file);
  const std::uint64_t dim = kTensors.at(static_cast<std::size_t>(tensor)).dim;
  REQUIRE(array.dtype() == helip::store::DType::kF32);
  REQUIRE(array.shape() == std::vector<std::uint64_t>{kPairs, dim});
  for (std::uint64_t i = 0; i < kPairs * dim; ++i) {
    CHECK(array.as<float>()[i] == value_at(tensor, i / dim, i % dim));
  }
}

const Progress kQuiet = [](std::uint64_t, std::uint64_t) {};

std::string error_of(const std::vector<TaskResult>& results, const EncodeOutput& output) {
  try {
    merge_embeddings(results, kPairs, output, kQuiet);
  } catch (const helip::StoreError& problem) {
    for (const fs::path& folder : {output.embeddings / "img_emb", output.embeddings / "text_emb",
                                   output.features, output.quarantine}) {
      CHECK((!fs::exists(folder) || fs::is_empty(folder)));
    }
    return problem.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("encode results are joined row by row in the order of the samples") {
  const TemporaryFolder folder;
  const EncodeOutput output = output_in(folder.path());
  const EncodeSummary summary =
      merge_embeddings(good_results(folder.path() / "tasks", 4), kPairs, output, kQuiet);
  check_rows(output.embeddings / "img_emb/img_emb_0.npy", 0);
  check_rows(output.embeddings / "text_emb/text_emb_0.npy", 1);
  check_rows(output.features / "image_features.npy", 2);
  check_rows(output.features / "text_features.npy", 3);
  CHECK(summary.samples == kPairs);
  CHECK(summary.quarantined == 3);
  CHECK(summary.image_dim == 4);
  CHECK(summary.text_dim == 4);
  CHECK(summary.image_feature_dim == 6);
  CHECK(summary.text_feature_dim == 3);
  CHECK(summary.embeddings_digest ==
        helip::sha256_hex(helip::sha256_file(output.embeddings / "img_emb/img_emb_0.npy") + "\n" +
                          helip::sha256_file(output.embeddings / "text_emb/text_emb_0.npy") +
                          "\n"));
  const auto quarantined = helip::data::read_quarantine(output.quarantine, kPairs);
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    CHECK((quarantined[i] != 0) == (i == 3 || i == 10 || i == 17));
  }
  CHECK(fs::exists(output.quarantine / "quarantine.jsonl"));
  CHECK(helip::store::EmbeddingStore::open(output.embeddings / "img_emb").rows() == kPairs);
}

TEST_CASE("without tower features there are no feature files") {
  const TemporaryFolder folder;
  const EncodeOutput output = output_in(folder.path());
  const EncodeSummary summary =
      merge_embeddings(good_results(folder.path() / "tasks", 2), kPairs, output, kQuiet);
  check_rows(output.embeddings / "text_emb/text_emb_0.npy", 1);
  CHECK_FALSE(fs::exists(output.features));
  CHECK(summary.image_feature_dim == 0);
  CHECK(summary.text_feature_dim == 0);
}

TEST_CASE("features that nobody asked for are written nowhere") {
  const TemporaryFolder folder;
  EncodeOutput output = output_in(folder.path());
  output.features.clear();
  const EncodeSummary summary =
      merge_embeddings(good_results(folder.path() / "tasks", 4), kPairs, output, kQuiet);
  check_rows(output.embeddings / "text_emb/text_emb_0.npy", 1);
  CHECK(summary.image_feature_dim == 0);
  CHECK(summary.features_digest.empty());
  CHECK_FALSE(fs::exists("image_features.npy"));  // the working directory is no place for them
  CHECK_FALSE(fs::exists(folder.path() / "features"));
}

TEST_CASE("results of ready embeddings give the quarantine alone") {
  const TemporaryFolder folder;
  EncodeOutput output = output_in(folder.path());
  output.embeddings.clear();
  const EncodeSummary summary =
      merge_embeddings(good_results(folder.path() / "tasks", 0), kPairs, output, kQuiet);
  CHECK(summary.samples == kPairs);
  CHECK(summary.quarantined == 3);
  CHECK(summary.image_dim == 0);
  CHECK(summary.embeddings_digest.empty());
  CHECK(helip::data::read_quarantine(output.quarantine, kPairs)[10] == 1);
}

TEST_CASE("a merge that is stopped before its last step leaves nothing behind") {
  const TemporaryFolder folder;
  const EncodeOutput output = output_in(folder.path());
  struct Stopped {};
  const Progress stop = [](std::uint64_t done, std::uint64_t total) {
    if (done == total) throw Stopped();
  };
  CHECK_THROWS_AS(merge_embeddings(good_results(folder.path() / "tasks", 4), kPairs, output, stop),
                  Stopped);
  CHECK(fs::is_empty(output.embeddings / "img_emb"));
  CHECK_FALSE(fs::exists(output.quarantine / "quarantine.npy"));
}

TEST_CASE("results that do not fit leave nothing behind and are named") {
  const TemporaryFolder folder;
  const fs::path tasks = folder.path() / "tasks";
  const EncodeOutput output = output_in(folder.path());
  const auto good = good_results(tasks, 4);

  auto results = good;
  results.erase(results.begin());
  CHECK(error_of(results, output) ==
        "the encode results do not cover the corpus; expected pairs 0 to 23; found no result for "
        "pair 10");
  results = good;
  results[1].range = {17, 5};
  CHECK(error_of(results, output) == (tasks / "c").string() +
                                         ": two encode results hold the same pair; expected a "
                                         "range from 18; found a range from 17");
  results = good;
  results[0] = write_result(tasks / "d", {10, 8}, 2, {});
  CHECK(error_of(results, output) ==
        (tasks / "d").string() +
            ": image_features: only some encode results hold features; expected them; found none");
  results = good;
  results[0] = write_result(tasks / "d", {10, 8}, 4, {entry_of(18)});
  CHECK(error_of(results, output) ==
        (tasks / "d").string() +
            ": the encode result quarantines a sample of another task; expected samples from 10, 8 "
            "of them; found sample 18");
  results = good;
  results[0].file = good[2].file;  // 10 rows for 8
  CHECK(error_of(results, output) ==
        (tasks / "a").string() +
            ": image_embeddings: the encode result is of another task; expected [8, 4]; found 2-D, "
            "40 values");
  results = good;
  results[0].file = tasks / "e";
  const std::vector<float> values(40, 1.0F);
  helip::store::write_safetensors(
      tasks / "e", {{"image_embeddings", {"F32", {8, 5}, std::as_bytes(std::span(values))}}}, {});
  CHECK(error_of(results, output) ==
        (tasks / "e").string() +
            ": image_embeddings: the encode result is of another task; expected [8, 4]; found 2-D, "
            "40 values");
  helip::store::write_safetensors(tasks / "e", {}, {});
  CHECK(error_of(results, output) != "no error");

  const std::string bytes = bytes_of(good[1].file);
  results = good;
  results[1].file = tasks / "cut";
  for (std::size_t length = 0; length < bytes.size(); length += bytes.size() / 17 + 1) {
    std::ofstream(results[1].file, std::ios::binary) << bytes.substr(0, length);
    CHECK(error_of(results, output) != "no error");
  }
}
