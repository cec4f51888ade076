#include "model/files/convert_job.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <span>

#include "common/error.h"
#include "convert_golden.h"
#include "model/files/model_files.h"
#include "support/temporary_folder.h"
#include "weights/torch_checkpoint.h"

using namespace helip;
using namespace helip::model;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
namespace fs = std::filesystem;

TEST_CASE("weights go through every format and back without a changed bit") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(test::kWeights);
  const fs::path checkpoint = folder.path() / "a.pt";
  const ConvertReport report = test::convert(test::kWeights, checkpoint);
  CHECK(report.kind == "OpenCLIP checkpoint");
  CHECK(report.tensors == golden.tensors().size());
  CHECK(report.written == std::set<std::string>{"F32"});
  CHECK(test::first_change(checkpoint, golden.tensors()) == "");

  test::convert(checkpoint, folder.path() / "model/");
  CHECK(test::first_change(folder.path() / "model" / kOpenClipWeightsFile, golden.tensors()) == "");
  const auto config = config_beside_weights(folder.path() / "model");
  REQUIRE(config);
  const std::string text = test::read_text(test::golden("open_clip_model/config.json"));
  CHECK(first_difference(*config, parse_open_clip_config(text, "")).key == "");

  test::convert(folder.path() / "model", folder.path() / "b.safetensors");
  test::convert(folder.path() / "b.safetensors", folder.path() / "b.pth");
  CHECK(test::first_change(folder.path() / "b.pth", golden.tensors()) == "");
}

TEST_CASE("another precision rounds each value, the same one keeps the bytes") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(test::kWeights);
  for (const auto& [precision, dtype] :
       {std::pair(WeightsPrecision::kFp16, "F16"), std::pair(WeightsPrecision::kBf16, "BF16"),
        std::pair(WeightsPrecision::kFp32, "F32")}) {
    const fs::path narrow = folder.path() / (std::string(dtype) + ".pt");
    CHECK(test::convert(test::kWeights, narrow, precision).written == std::set<std::string>{dtype});
    std::vector<std::vector<std::byte>> kept;
    weights::Tensors expected;
    for (const auto& [name, view] : golden.tensors()) {
      kept.push_back(store::convert_floats(view, dtype));
      expected[name] = {.dtype = dtype, .shape = view.shape, .data = kept.back()};
    }
    CHECK(test::first_change(narrow, expected) == "");
    // Without a precision the file's own stays.
    const fs::path again = folder.path() / (std::string(dtype) + ".safetensors");
    test::convert(narrow, again);
    CHECK(test::first_change(again, expected) == "");
  }
}

TEST_CASE("a checkpoint's epoch and name go along, float64 becomes float32") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(test::kWeights);
  weights::TorchCheckpoint checkpoint{.epoch = 9, .name = "my run"};
  const std::vector<double> scale = {2.5};
  for (const auto& [name, view] : golden.tensors()) {
    checkpoint.tensors.emplace_back(name, view);
    if (name == "logit_scale") {
      checkpoint.tensors.back().second = {.dtype = "F64", .data = std::as_bytes(std::span(scale))};
    }
  }
  weights::write_torch_checkpoint(folder.path() / "in.pt", checkpoint);
  const ConvertReport report = test::convert(folder.path() / "in.pt", folder.path() / "out.pt");
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

TEST_CASE("the name of an output says whether it is a file or a folder") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(test::kWeights);
  for (const char* name : {"a.pt", "a.pth", "a.bin", "a.ckpt", "a.PT", "a.Bin"}) {
    INFO(name);
    CHECK(test::convert(test::kWeights, folder.path() / name).kind == "OpenCLIP checkpoint");
    CHECK(test::first_change(folder.path() / name, golden.tensors()) == "");
  }
  for (const char* name : {"ViT-B-16_v1.5", "a", "b.onnx/", "run.2026/"}) {
    INFO(name);
    CHECK(test::convert(test::kWeights, folder.path() / name).kind == "OpenCLIP folder");
    CHECK(fs::is_directory(folder.path() / name));
  }
  for (const char* name : {"c.onnx", "c.h5", "c.tar", "c.tar.gz", "c.7z", "c.npz", "c.json",
                           "c.SafeTensors", "c.pt/", "c.safetensors/", "c.pt "}) {
    INFO(name);
    CHECK_THROWS_WITH(test::convert(test::kWeights, folder.path() / name),
                      StartsWith("OUT: ") && Contains("NAME.pt") && Contains(name));
    CHECK_FALSE(fs::exists(folder.path() / name));
  }
}

TEST_CASE("an output that cannot be written is refused before anything is read") {
  const test::TemporaryFolder folder;
  const fs::path nothing = folder.path() / "nothing.pt";
  test::write_text(folder.path() / "file", "x");
  CHECK_THROWS_WITH(test::convert(nothing, folder.path() / "file/out.pt"),
                    Contains("is no folder"));
  CHECK_THROWS_WITH(test::convert(nothing, folder.path() / (std::string(230, 'n') + ".pt")),
                    Contains("the output's name is too long"));
  fs::create_symlink(folder.path() / "gone", folder.path() / "link.pt");
  CHECK_THROWS_WITH(test::convert(nothing, folder.path() / "link.pt"), Contains("exists already"));
}

TEST_CASE("a value beyond the precision's range is refused with its tensor and a way out") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(test::kWeights);
  const fs::path in = folder.path() / "in.safetensors";
  const auto write_scale = [&](const std::string& dtype, const auto& value) {
    weights::Tensors tensors = golden.tensors();
    tensors.at("logit_scale") = {.dtype = dtype, .data = std::as_bytes(std::span(&value, 1))};
    store::write_safetensors(in, tensors, {});
  };
  write_scale("F32", 65519.0F);
  CHECK_NOTHROW(test::convert(in, folder.path() / "largest.pt", WeightsPrecision::kFp16));
  write_scale("F32", -65520.0F);
  const fs::path out = folder.path() / "out.pt";
  CHECK_THROWS_WITH(test::convert(in, out, WeightsPrecision::kFp16),
                    Contains("'logit_scale' does not fit into fp16") &&
                        Contains("--precision bf16") && Contains("found 65520"));
  CHECK_NOTHROW(test::convert(in, folder.path() / "wide.pt", WeightsPrecision::kBf16));
  write_scale("F32", std::numeric_limits<float>::max());
  CHECK_THROWS_WITH(test::convert(in, out, WeightsPrecision::kBf16),
                    Contains("fit into bf16") && Contains("fp32"));
  // What is not finite already goes into no format.
  for (const float value : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    write_scale("F32", value);
    for (const auto precision : {std::optional<WeightsPrecision>(),
                                 std::optional<WeightsPrecision>(WeightsPrecision::kBf16)}) {
      CHECK_THROWS_WITH(test::convert(in, out, precision),
                        Contains("'logit_scale' has a value that is not finite"));
    }
  }
  write_scale("F64", 1e39);
  CHECK_THROWS_WITH(test::convert(in, out),
                    Contains("'logit_scale' has a value that is not finite"));
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("what is there already is not replaced, and locked towers have no other form") {
  const test::TemporaryFolder folder;
  test::write_text(folder.path() / "there.pt", "x");
  CHECK_THROWS_WITH(test::convert(test::kWeights, folder.path() / "there.pt"),
                    Contains("exists already"));
  CHECK(test::read_text(folder.path() / "there.pt") == "x");
  ConvertSpec spec{.out = folder.path() / "new.pt"};
  spec.model.architecture = spec.model.init = test::golden("locked_towers").string();
  CHECK_THROWS_WITH(convert_weights(spec), Contains("two towers has no other form"));
}

TEST_CASE("a file's name gone wrong is no folder") {
  const test::TemporaryFolder folder;
  for (const std::string name :
       {".pt", ".safetensors", ".PT", "x.pt.", "x.safetensors.", "x.pt.1", ".ckpt/"}) {
    CHECK_THROWS_WITH(test::convert(test::kWeights, folder.path() / name),
                      Contains("OUT: ") && Contains("NAME.pt, .pth"));
  }
  CHECK(fs::is_empty(folder.path()));
}
