#include <catch2/catch.hpp>
#include <functional>
#include <initializer_list>
#include <span>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "convert_golden.h"
#include "model/files/convert_job.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::model;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

TEST_CASE("a missing, surplus or misshapen tensor is named, and nothing is written") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(test::kWeights);
  const auto refusal = [&](const weights::Tensors& tensors) {
    store::write_safetensors(folder.path() / "in.safetensors", tensors, {});
    return test::message_of<ConfigError>(
        [&] { test::convert(folder.path() / "in.safetensors", folder.path() / "out.pt"); });
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
  const auto golden = store::SafetensorsFile::open(test::kWeights);
  const fs::path in = folder.path() / "in.safetensors";
  const auto refusal = [&](const weights::Tensors& tensors) {
    store::write_safetensors(in, tensors, {});
    return test::message_of<ConfigError>([&] { test::convert(in, folder.path() / "out.pt"); });
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
  const auto golden = store::SafetensorsFile::open(test::kWeights);
  for (const std::vector<std::uint64_t>& shape :
       {std::vector<std::uint64_t>{1}, std::vector<std::uint64_t>{1, 1}}) {
    weights::Tensors tensors = golden.tensors();
    tensors.at("logit_scale").shape = shape;
    const fs::path in = folder.path() / cat(shape.size(), ".safetensors");
    store::write_safetensors(in, tensors, {});
    const fs::path out = folder.path() / cat(shape.size(), ".pt");
    test::convert(in, out);
    CHECK(test::first_change(out, golden.tensors()) == "");
  }
  const std::vector<float> two = {1, 2};
  weights::Tensors tensors = golden.tensors();
  tensors.at("logit_scale") = {.dtype = "F32", .shape = {2}, .data = std::as_bytes(std::span(two))};
  store::write_safetensors(folder.path() / "two.safetensors", tensors, {});
  CHECK_THROWS_WITH(test::convert(folder.path() / "two.safetensors", folder.path() / "two.pt"),
                    Contains("expected []; found [2]"));
}

TEST_CASE("OpenAI's weights are converted under QuickGELU alone") {
  const test::TemporaryFolder folder;
  const auto golden = store::SafetensorsFile::open(test::kWeights);
  weights::Tensors tensors = golden.tensors();
  const std::int64_t number = 7;
  for (const char* name : {"input_resolution", "context_length", "vocab_size"}) {
    tensors[name] = {.dtype = "I64", .data = std::as_bytes(std::span(&number, 1))};
  }
  const fs::path in = folder.path() / "openai.safetensors";
  store::write_safetensors(in, tensors, {});
  CHECK_THROWS_WITH(test::convert(in, folder.path() / "out"),
                    Contains("trained with QuickGELU") && Contains("-quickgelu architecture") &&
                        Contains("found " + test::kConfig.string()));
  CHECK_FALSE(fs::exists(folder.path() / "out"));

  auto quick = test::read_json(test::kConfig);
  quick["model_cfg"]["quick_gelu"] = true;
  test::write_text(folder.path() / "quick.json", quick.dump());
  CHECK_NOTHROW(test::convert(in, folder.path() / "out", "", folder.path() / "quick.json"));
}
