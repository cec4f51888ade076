#include "model/convert_job.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "golden_file.h"
#include "model/model_files.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"
#include "weights/checkpoint_writer.h"

using namespace helip;
using namespace helip::model;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const fs::path kWeights = test::golden("open_clip_model/weights.safetensors");

// Converts with the golden model's architecture.
ConvertReport convert(const fs::path& in, const fs::path& out, const std::string& precision = "") {
  ConvertSpec spec{.out = out, .precision = precision};
  spec.model.architecture = test::golden("open_clip_model/config.json").string();
  spec.model.init = in.string();
  return convert_weights(spec);
}

weights::Tensors golden_tensors(const store::SafetensorsFile& file) { return file.tensors(); }

std::string first_change(const fs::path& file, const weights::Tensors& expected) {
  const auto found = weights::WeightsFile::open(file);
  if (found.tensors().size() != expected.size()) return "another number of tensors";
  for (const auto& [name, view] : expected) {
    const auto& other = found.tensors().at(name);
    if (other.dtype != view.dtype || other.shape != view.shape ||
        !std::ranges::equal(other.data, view.data)) {
      return name;
    }
  }
  return {};
}

}  // namespace

TEST_CASE("weights go through every format and back without a changed bit") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(kWeights);
  const fs::path checkpoint = folder.path() / "a.pt";
  const ConvertReport report = convert(kWeights, checkpoint);
  CHECK(report.kind == "OpenCLIP checkpoint");
  CHECK(report.tensors == golden.tensors().size());
  CHECK(report.written == std::set<std::string>{"F32"});
  CHECK(first_change(checkpoint, golden_tensors(golden)) == "");

  convert(checkpoint, folder.path() / "model/");
  CHECK(first_change(folder.path() / "model" / kOpenClipWeightsFile, golden_tensors(golden)) == "");
  const auto config = config_beside_weights(folder.path() / "model");
  REQUIRE(config);
  const std::string text = test::read_text(test::golden("open_clip_model/config.json"));
  CHECK(first_difference(*config, parse_open_clip_config(text, "")).key == "");

  convert(folder.path() / "model", folder.path() / "b.safetensors");
  convert(folder.path() / "b.safetensors", folder.path() / "b.pth");
  CHECK(first_change(folder.path() / "b.pth", golden_tensors(golden)) == "");
}

TEST_CASE("another precision rounds each value, the same one keeps the bytes") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(kWeights);
  for (const auto& [precision, dtype] :
       {std::pair("fp16", "F16"), std::pair("bf16", "BF16"), std::pair("fp32", "F32")}) {
    const fs::path narrow = folder.path() / (std::string(precision) + ".pt");
    CHECK(convert(kWeights, narrow, precision).written == std::set<std::string>{dtype});
    std::vector<std::vector<std::byte>> kept;
    weights::Tensors expected;
    for (const auto& [name, view] : golden.tensors()) {
      kept.push_back(store::convert_floats(view, dtype));
      expected[name] = {.dtype = dtype, .shape = view.shape, .data = kept.back()};
    }
    CHECK(first_change(narrow, expected) == "");
    // Without a precision the file's own stays.
    const fs::path again = folder.path() / (std::string(precision) + ".safetensors");
    convert(narrow, again);
    CHECK(first_change(again, expected) == "");
  }
  CHECK_THROWS_WITH(convert(kWeights, folder.path() / "x.pt", "fp8"), Contains("fp8"));
}

TEST_CASE("a checkpoint's epoch and name go along, float64 becomes float32") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(kWeights);
  weights::Checkpoint checkpoint{.epoch = 9, .name = "my run"};
  const std::vector<double> scale = {2.5};
  for (const auto& [name, view] : golden.tensors()) {
    checkpoint.tensors.emplace_back(name, view);
    if (name == "logit_scale") {
      checkpoint.tensors.back().second = {.dtype = "F64", .data = std::as_bytes(std::span(scale))};
    }
  }
  weights::write_checkpoint(folder.path() / "in.pt", checkpoint);
  const ConvertReport report = convert(folder.path() / "in.pt", folder.path() / "out.pt");
  CHECK(report.facts.epoch == 9);
  CHECK(report.found == std::set<std::string>{"F32", "F64"});
  CHECK(report.written == std::set<std::string>{"F32"});
  const auto file = weights::WeightsFile::open(folder.path() / "out.pt");
  CHECK(file.facts().epoch == 9);
  CHECK(file.facts().name == "my run");
  float value = 0;
  store::read_floats(file.tensors().at("logit_scale"), std::span(&value, 1));
  CHECK(value == 2.5F);
}

TEST_CASE("a missing, surplus or misshapen tensor is named, and nothing is written") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(kWeights);
  const auto refusal = [&](const weights::Tensors& tensors) {
    store::write_safetensors(folder.path() / "in.safetensors", tensors, {});
    return test::message_of<ConfigError>(
        [&] { convert(folder.path() / "in.safetensors", folder.path() / "out.pt"); });
  };
  weights::Tensors missing = golden.tensors();
  missing.erase("visual.proj");
  CHECK_THAT(refusal(missing), Contains("'visual.proj' is missing"));
  weights::Tensors surplus = golden.tensors();
  surplus["logit_bias"] = surplus.at("logit_scale");
  CHECK_THAT(refusal(surplus), Contains("'logit_bias' is surplus"));
  weights::Tensors misshapen = golden.tensors();
  misshapen.at("visual.positional_embedding") = misshapen.at("visual.class_embedding");
  CHECK_THAT(refusal(misshapen), Contains("'visual.positional_embedding' has another shape") &&
                                     Contains("expected [17, 48]; found [48]"));
  const std::vector<std::int64_t> number = {1};
  weights::Tensors integer = golden.tensors();
  integer.at("logit_scale") = {.dtype = "I64", .data = std::as_bytes(std::span(number))};
  CHECK_THAT(refusal(integer), Contains("'logit_scale' has another dtype"));
  CHECK_FALSE(fs::exists(folder.path() / "out.pt"));
}

TEST_CASE("what is there already is not replaced, and locked towers have no other form") {
  const test::TemporaryFolder folder;
  test::write_text(folder.path() / "there.pt", "x");
  CHECK_THROWS_WITH(convert(kWeights, folder.path() / "there.pt"), Contains("exists already"));
  CHECK(test::read_text(folder.path() / "there.pt") == "x");
  ConvertSpec spec{.out = folder.path() / "new.pt"};
  spec.model.architecture = spec.model.init = test::golden("locked_towers").string();
  CHECK_THROWS_WITH(convert_weights(spec), Contains("locked-towers"));
}
