#include "model/files/convert_job.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "golden_file.h"
#include "model/files/model_files.h"
#include "model/files/parameter_spec.h"
#include "model/files/two_tower_config.h"
#include "store/safetensors.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"
#include "weights/torch_checkpoint.h"

using namespace helip;
using namespace helip::model;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
namespace fs = std::filesystem;

namespace {

const fs::path kWeights = test::golden("open_clip_model/weights.safetensors");

const fs::path kConfig = test::golden("open_clip_model/config.json");

// Converts with the golden model's architecture, or another.
ConvertReport convert(const fs::path& in, const fs::path& out, const std::string& precision = "",
                      const fs::path& architecture = kConfig) {
  ConvertSpec spec{.out = out, .precision = precision};
  spec.model.architecture = architecture.string();
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

// A narrow SLIP model's folder with values of its own.
struct SlipFolder {
  fs::path path;
  SlipDescription config;

  SlipFolder(fs::path folder, bool ssl) : path(std::move(folder)) {
    auto json = Json::parse(test::read_text(test::golden("slip/model.json")));
    json["embed_dim"] = 8;
    json["image_tower"]["image_size"] = 32;
    json["image_tower"]["layers"] = 1;
    json["text_tower"] = {
        {"context_length", 5}, {"vocab_size", 20}, {"width", 8}, {"heads", 2}, {"layers", 1}};
    json["ssl_head"] = {{"hidden", 6}, {"embed_dim", 4}};
    if (!ssl) json = test::without_key(json, "ssl_head");
    config = parse_slip_description(json.dump(), "");
    fs::create_directory(path);
    test::write_text(description(), json.dump());
    std::deque<std::vector<std::byte>> kept;
    weights::Tensors tensors;
    for (const ParameterSpec& spec : slip_parameters(config.architecture)) {
      const std::size_t width = spec.role == TensorRole::kCount ? 8 : 4;
      auto& bytes = kept.emplace_back(static_cast<std::size_t>(spec.elements()) * width);
      if (width == 4) {
        const std::vector<float> values = initial_values(spec, 1);
        std::ranges::copy(std::as_bytes(std::span(values)), bytes.begin());
      }
      tensors[spec.name] = {.dtype = width == 8 ? "I64" : "F32",
                            .shape = {spec.shape.begin(), spec.shape.end()},
                            .data = bytes};
    }
    store::write_safetensors(weights(), tensors, {});
    file_ = store::SafetensorsFile::open(weights());
  }

  [[nodiscard]] fs::path description() const { return path / kTwoTowerConfigFile; }
  [[nodiscard]] fs::path weights() const { return path / kCheckpointWeightsFile; }
  [[nodiscard]] const weights::Tensors& tensors() const { return file_->tensors(); }

 private:
  std::optional<store::SafetensorsFile> file_;
};

ConvertReport convert_slip(const fs::path& in, const fs::path& architecture, const fs::path& out) {
  ConvertSpec spec{.out = out};
  spec.model.architecture = architecture.string();
  spec.model.init = in.string();
  return convert_weights(spec);
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
  weights::TorchCheckpoint checkpoint{.epoch = 9, .name = "my run"};
  const std::vector<double> scale = {2.5};
  for (const auto& [name, view] : golden.tensors()) {
    checkpoint.tensors.emplace_back(name, view);
    if (name == "logit_scale") {
      checkpoint.tensors.back().second = {.dtype = "F64", .data = std::as_bytes(std::span(scale))};
    }
  }
  weights::write_torch_checkpoint(folder.path() / "in.pt", checkpoint);
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
  CHECK_THAT(refusal(missing), Contains("'visual.proj' is missing") && Contains("found 61 of 62"));
  missing["visual.projection"] = golden.tensors().at("visual.proj");
  CHECK_THAT(refusal(missing), Contains("'visual.proj' is missing") &&
                                   Contains("and 1 other, as 'visual.projection'"));
  weights::Tensors surplus = golden.tensors();
  surplus["logit_bias"] = surplus.at("logit_scale");
  CHECK_THAT(refusal(surplus), Contains("names of SigLIP") && Contains("found 'logit_bias'"));
  surplus.erase("logit_bias");
  surplus["extra"] = surplus.at("logit_scale");
  CHECK_THAT(refusal(surplus),
             Contains("'extra' is surplus") && Contains("found these and 1 other"));
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

TEST_CASE("names of another program's layout are told with one of them and a way out") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(kWeights);
  const fs::path in = folder.path() / "in.safetensors";
  const auto refusal = [&](const weights::Tensors& tensors) {
    store::write_safetensors(in, tensors, {});
    return test::message_of<ConfigError>([&] { convert(in, folder.path() / "out.pt"); });
  };
  // Each golden tensor under another name.
  const auto renamed = [&](const std::function<std::string(const std::string&)>& rename) {
    weights::Tensors tensors;
    for (const auto& [name, view] : golden.tensors()) tensors[rename(name)] = view;
    return tensors;
  };
  for (const char* prefix : {"model.", "clip.", "student.backbone.", "_forward_module.model."}) {
    const auto behind = [&](const std::string& name) { return prefix + name; };
    CHECK_THAT(refusal(renamed(behind)),
               Contains("the prefix '" + std::string(prefix) + "'") &&
                   Contains("removeprefix('" + std::string(prefix) + "')") &&
                   Contains("found '" + std::string(prefix) + "ln_final.bias'"));
  }
  CHECK_THAT(refusal(renamed([](const std::string& name) { return "ema_model." + name; })),
             Contains("average (EMA)"));
  CHECK_THAT(refusal(renamed([](const std::string& name) {
               return name.starts_with("visual.") ? "model." + name : "model.text." + name;
             })),
             Contains("the prefix 'model.'"));
  CHECK_THAT(refusal(renamed([](const std::string& name) {
               const std::size_t block = name.find("resblocks.");
               return block == std::string::npos
                          ? name
                          : name.substr(0, block + 12) + "_fsdp_wrapped_module." +
                                name.substr(block + 12);
             })),
             Contains("names of FSDP") && Contains("FULL_STATE_DICT") &&
                 Contains("found 'transformer.resblocks.0._fsdp_wrapped_module."));

  const store::TensorView any = golden.tensors().at("visual.proj");
  const auto beside = [&](std::initializer_list<const char*> names) {
    weights::Tensors tensors;
    for (const char* const name : names) tensors[name] = any;
    return tensors;
  };
  CHECK_THAT(
      refusal(beside(
          {"text_model.final_layer_norm.bias", "vision_model.post_layernorm.bias", "logit_scale"})),
      Contains("Hugging Face's CLIPModel") && Contains("found 'text_model.final_layer_norm.bias'"));
  CHECK_THAT(refusal(beside({"base_model.model.visual.conv1.lora_A.default.weight"})),
             Contains("a LoRA adapter") && Contains("merge it"));
  CHECK_THAT(refusal(beside({"cls_token", "blocks.0.attn.qkv.weight"})),
             Contains("timm") && Contains("found 'blocks.0.attn.qkv.weight'"));
  // Names that nobody knows: how many fit, and one that was found.
  CHECK_THAT(refusal(beside({"my.tower.0.kernel", "zeta"})),
             Contains("0 of 62 tensors by name, and 2 others, as 'my.tower.0.kernel'"));
}

TEST_CASE("a logit_scale of one element has the shape that OpenCLIP's FSDP or its own gives it") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(kWeights);
  for (const std::vector<std::uint64_t>& shape :
       {std::vector<std::uint64_t>{1}, std::vector<std::uint64_t>{1, 1}}) {
    weights::Tensors tensors = golden.tensors();
    tensors.at("logit_scale").shape = shape;
    const fs::path in = folder.path() / cat(shape.size(), ".safetensors");
    store::write_safetensors(in, tensors, {});
    const fs::path out = folder.path() / cat(shape.size(), ".pt");
    convert(in, out);
    CHECK(first_change(out, golden.tensors()) == "");
  }
  const std::vector<float> two = {1, 2};
  weights::Tensors tensors = golden.tensors();
  tensors.at("logit_scale") = {.dtype = "F32", .shape = {2}, .data = std::as_bytes(std::span(two))};
  store::write_safetensors(folder.path() / "two.safetensors", tensors, {});
  CHECK_THROWS_WITH(convert(folder.path() / "two.safetensors", folder.path() / "two.pt"),
                    Contains("expected []; found [2]"));
}

TEST_CASE("the name of an output says whether it is a file or a folder") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(kWeights);
  for (const char* name : {"a.pt", "a.pth", "a.bin", "a.ckpt", "a.PT", "a.Bin"}) {
    INFO(name);
    CHECK(convert(kWeights, folder.path() / name).kind == "OpenCLIP checkpoint");
    CHECK(first_change(folder.path() / name, golden.tensors()) == "");
  }
  for (const char* name : {"ViT-B-16_v1.5", "a", "b.onnx/", "run.2026/"}) {
    INFO(name);
    CHECK(convert(kWeights, folder.path() / name).kind == "OpenCLIP folder");
    CHECK(fs::is_directory(folder.path() / name));
  }
  for (const char* name : {"c.onnx", "c.h5", "c.tar", "c.tar.gz", "c.7z", "c.npz", "c.json",
                           "c.SafeTensors", "c.pt/", "c.safetensors/", "c.pt "}) {
    INFO(name);
    CHECK_THROWS_WITH(convert(kWeights, folder.path() / name),
                      StartsWith("OUT: ") && Contains("NAME.pt") && Contains(name));
    CHECK_FALSE(fs::exists(folder.path() / name));
  }
}

TEST_CASE("an output that cannot be written is refused before anything is read") {
  const test::TemporaryFolder folder;
  const fs::path nothing = folder.path() / "nothing.pt";
  test::write_text(folder.path() / "file", "x");
  CHECK_THROWS_WITH(convert(nothing, folder.path() / "file/out.pt"), Contains("is no folder"));
  CHECK_THROWS_WITH(convert(nothing, folder.path() / (std::string(230, 'n') + ".pt")),
                    Contains("the output's name is too long"));
  fs::create_symlink(folder.path() / "gone", folder.path() / "link.pt");
  CHECK_THROWS_WITH(convert(nothing, folder.path() / "link.pt"), Contains("exists already"));
}

TEST_CASE("a value beyond the precision's range is refused with its tensor and a way out") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(kWeights);
  const fs::path in = folder.path() / "in.safetensors";
  const auto write_scale = [&](const std::string& dtype, const auto& value) {
    weights::Tensors tensors = golden.tensors();
    tensors.at("logit_scale") = {.dtype = dtype, .data = std::as_bytes(std::span(&value, 1))};
    store::write_safetensors(in, tensors, {});
  };
  write_scale("F32", 65519.0F);
  CHECK_NOTHROW(convert(in, folder.path() / "largest.pt", "fp16"));
  write_scale("F32", -65520.0F);
  const fs::path out = folder.path() / "out.pt";
  CHECK_THROWS_WITH(convert(in, out, "fp16"), Contains("'logit_scale' does not fit into fp16") &&
                                                  Contains("--precision bf16") &&
                                                  Contains("found 65520"));
  CHECK_NOTHROW(convert(in, folder.path() / "wide.pt", "bf16"));
  write_scale("F32", std::numeric_limits<float>::max());
  CHECK_THROWS_WITH(convert(in, out, "bf16"), Contains("fit into bf16") && Contains("fp32"));
  // What is not finite already goes into no format.
  for (const float value : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    write_scale("F32", value);
    for (const char* precision : {"", "bf16"}) {
      CHECK_THROWS_WITH(convert(in, out, precision),
                        Contains("'logit_scale' has a value that is not finite"));
    }
  }
  write_scale("F64", 1e39);
  CHECK_THROWS_WITH(convert(in, out), Contains("'logit_scale' has a value that is not finite"));
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("OpenAI's weights are converted under QuickGELU alone") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(kWeights);
  weights::Tensors tensors = golden.tensors();
  const std::int64_t number = 7;
  for (const char* name : {"input_resolution", "context_length", "vocab_size"}) {
    tensors[name] = {.dtype = "I64", .data = std::as_bytes(std::span(&number, 1))};
  }
  const fs::path in = folder.path() / "openai.safetensors";
  store::write_safetensors(in, tensors, {});
  CHECK_THROWS_WITH(convert(in, folder.path() / "out"), Contains("trained with QuickGELU") &&
                                                            Contains("-quickgelu architecture") &&
                                                            Contains("found " + kConfig.string()));
  CHECK_FALSE(fs::exists(folder.path() / "out"));

  auto quick = test::read_json(kConfig);
  quick["model_cfg"]["quick_gelu"] = true;
  test::write_text(folder.path() / "quick.json", quick.dump());
  CHECK_NOTHROW(convert(in, folder.path() / "out", "", folder.path() / "quick.json"));
}

TEST_CASE("a SLIP model's folder becomes SLIP's checkpoint and comes back without a changed bit") {
  const test::TemporaryFolder folder;
  for (const bool ssl : {true, false}) {
    const SlipFolder slip(folder.path() / (ssl ? "slip" : "clip"), ssl);
    const fs::path checkpoint = slip.path.string() + ".pt";
    CHECK(convert_slip(slip.path, slip.path, checkpoint).kind == "SLIP checkpoint");
    CHECK(first_change(checkpoint, slip.tensors()) == "");
    const auto file = weights::WeightsFile::open(checkpoint);
    CHECK(file.facts().layout == weights::Layout::kSlip);
    using Args = decltype(file.facts().args);
    // SLIP's defaults where the model has no head.
    const std::int64_t hidden = ssl ? 6 : 4096;
    const std::int64_t embed_dim = ssl ? 4 : 256;
    CHECK(file.facts().args == Args{{"model", ssl ? "SLIP_VITS16" : "CLIP_VITS16"},
                                    {"ssl_mlp_dim", hidden},
                                    {"ssl_emb_dim", embed_dim}});

    const fs::path back = slip.path.string() + "-back";
    const ConvertReport report = convert_slip(checkpoint, slip.description(), back);
    CHECK(report.kind == "SLIP model's folder");
    CHECK(report.tensors == slip.tensors().size());
    CHECK(first_change(back / kCheckpointWeightsFile, slip.tensors()) == "");
    CHECK(test::read_text(back / kTwoTowerConfigFile) == to_slip_json(slip.config));
  }
}

TEST_CASE("what a SLIP checkpoint says of its training goes along") {
  const test::TemporaryFolder folder;
  const SlipFolder slip(folder.path() / "slip", true);
  weights::TorchCheckpoint trained{.epoch = 25, .prefix = "module."};
  const weights::Tensors tensors = slip.tensors();
  trained.tensors.assign(tensors.begin(), tensors.end());
  trained.args = {{"model", "SLIP_VITS16"}, {"lr", 3e-3}, {"ssl_mlp_dim", std::int64_t{6}}};
  weights::write_torch_checkpoint(folder.path() / "in.pt", trained);
  convert_slip(folder.path() / "in.pt", slip.description(), folder.path() / "out.pt");
  const auto file = weights::WeightsFile::open(folder.path() / "out.pt");
  CHECK(file.facts().epoch == 25);
  trained.args["ssl_emb_dim"] = std::int64_t{4};
  CHECK(file.facts().args == trained.args);
}

TEST_CASE("a SLIP model is no other architecture") {
  const test::TemporaryFolder folder;
  const SlipFolder slip(folder.path() / "slip", true);
  const SlipFolder clip(folder.path() / "clip", false);
  const fs::path out = folder.path() / "out.pt";
  const auto refusal = [&](const fs::path& in, const fs::path& architecture) {
    return test::message_of<ConfigError>([&] { convert_slip(in, architecture, out); });
  };
  CHECK_THAT(refusal(slip.path, clip.path), Contains("ssl_head"));
  CHECK_THAT(refusal(slip.weights(), clip.path), Contains("'image_mlp.") && Contains("is surplus"));
  CHECK_THAT(refusal(clip.weights(), slip.path), Contains("'image_mlp.") && Contains("is missing"));
  CHECK_THAT(refusal(slip.weights(), test::golden("open_clip_model/config.json")),
             Contains("names of SLIP"));
  CHECK_FALSE(fs::exists(out));
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

TEST_CASE("a file's name gone wrong is no folder") {
  const test::TemporaryFolder folder;
  for (const std::string name :
       {".pt", ".safetensors", ".PT", "x.pt.", "x.safetensors.", "x.pt.1", ".ckpt/"}) {
    CHECK_THROWS_WITH(convert(kWeights, folder.path() / name),
                      Contains("OUT: ") && Contains("NAME.pt, .pth"));
  }
  CHECK(fs::is_empty(folder.path()));
}
