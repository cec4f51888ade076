#include "weights/weights_file.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "golden_checkpoints.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::weights;
using Catch::Matchers::Contains;

namespace {

WeightsFile open(const std::string& name) {
  return WeightsFile::open(test::kCheckpoints / (name + ".pt"));
}

}  // namespace

TEST_CASE("the tensors of every kind of checkpoint are those that PyTorch saved") {
  for (const char* name :
       {"bare", "open_clip", "compiled", "module_state_dict", "parameters", "dtypes", "strides",
        "slip", "plain_data", "protocol_3", "protocol_4", "protocol_5", "torch_script"}) {
    INFO(name);
    const weights::Tensors expected = test::expected_tensors(name);
    REQUIRE_FALSE(expected.empty());
    CHECK(test::difference(open(name).tensors(), expected) == "");
  }
}

TEST_CASE("a custom text tower comes by OpenCLIP's plain names, its mask is left out") {
  const WeightsFile file = open("custom_text");
  CHECK(file.facts().layout == Layout::kCustomText);
  CHECK(test::difference(file.tensors(), test::expected_tensors("custom_text")) == "");
  CHECK(file.tensors().contains("token_embedding.weight"));
}

TEST_CASE("a checkpoint says what made it") {
  const CheckpointFacts open_clip = open("open_clip").facts();
  CHECK(open_clip.container == "torch.save");
  CHECK(open_clip.layout == Layout::kOpenClip);
  CHECK(open_clip.epoch == 32);
  CHECK(open_clip.step == 1234);
  CHECK(open_clip.name == "2026-ViT tiny");
  CHECK(open_clip.args.empty());

  const CheckpointFacts bare = open("bare").facts();
  CHECK_FALSE(bare.epoch);
  CHECK(bare.name.empty());
  CHECK(open("module_state_dict").facts().layout == Layout::kOther);

  const WeightsFile slip = open("slip");
  CHECK(slip.facts().layout == Layout::kSlip);
  CHECK(slip_model(slip.tensors()) == "SLIP_VITS16");
  CHECK(slip.facts().epoch == 25);
  const auto& args = slip.facts().args;
  CHECK(std::get<std::string>(args.at("model")) == "SLIP_VITS16");
  CHECK(std::get<std::int64_t>(args.at("ssl_mlp_dim")) == 4096);
  CHECK(std::get<double>(args.at("lr")) == 3e-3);
  CHECK(std::get<bool>(args.at("distributed")));
  CHECK(std::get<std::nullptr_t>(args.at("gpu")) == nullptr);
  CHECK_FALSE(args.contains("betas"));

  const CheckpointFacts script = open("torch_script").facts();
  CHECK(script.container == "TorchScript");
  CHECK(script.layout == Layout::kOpenClip);
  CHECK(script.openai);
  CHECK_FALSE(open_clip.openai);
}

TEST_CASE("a SLIP model is told by its heads and its width") {
  const store::TensorView token{.dtype = "F32", .shape = {1, 1, 768}};
  const store::TensorView other{.dtype = "F32"};
  CHECK(slip_model({{"visual.cls_token", token}, {"image_projection", other}}) == "CLIP_VITB16");
  CHECK(slip_model({{"visual.cls_token", token},
                    {"image_projection", other},
                    {"image_mlp.layer1.weight", other}}) == "SLIP_VITB16");
  CHECK(slip_model({{"visual.cls_token", token}, {"image_mlp.layer1.weight", other}}) ==
        "SIMCLR_VITB16");
  CHECK(slip_model({{"visual.cls_token", {.dtype = "F32", .shape = {1, 1, 500}}}}).empty());
  CHECK(slip_model({{"image_projection", other}}).empty());
}

TEST_CASE("row-major tensors are views of the file, also where they share a storage") {
  const WeightsFile file = open("strides");
  const auto& tied = file.tensors().at("tied");
  const auto& rows = file.tensors().at("rows");
  CHECK(rows.data.data() == tied.data.data() + 6 * sizeof(float));
  CHECK(file.tensors().at("empty").data.empty());
}

TEST_CASE("safetensors are told by content, and wrappers' prefixes go there too") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "named.pt";
  store::write_safetensors(path, {{"module.a", test::expected_tensors("bare").at("visual.proj")}},
                           {});
  const WeightsFile file = WeightsFile::open(path);
  CHECK(file.facts().container == "safetensors");
  CHECK(file.tensors().at("a").shape == std::vector<std::uint64_t>{4, 3});
}

TEST_CASE("a file of another format is told by its first bytes") {
  const test::TemporaryFolder folder;
  for (const auto& [content, found] : std::vector<std::pair<std::string, std::string>>{
           {"", "an empty file"},
           {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of Git LFS"},
           {"<!DOCTYPE html><html>", "a page of HTML"},
           {"\x1F\x8B\x08", "gzip"},
           {"\x93NUMPY\x01", "a NumPy array"}}) {
    const auto file = folder.path() / "weights.safetensors";
    std::ofstream(file, std::ios::binary) << content;
    CHECK_THROWS_WITH(WeightsFile::open(file),
                      Contains("the file holds no weights; expected a file of torch.save, or "
                               "safetensors; found " +
                               found));
  }
}

TEST_CASE("a file that holds no checkpoint of one model says what it holds") {
  CHECK_THROWS_WITH(open("models_by_other_keys"),
                    Contains("something else than tensors") &&
                        Contains("found tensors under 'model', as 'visual.conv1.weight', and ") &&
                        Contains("'model_ema'") && Contains("'epoch'"));
  CHECK_THROWS_WITH(open("optimizer_alone"),
                    Contains("an optimizer's state and no model") && Contains("'param_groups'"));
  CHECK_THROWS_WITH(open("list"), Contains("the file holds no checkpoint; expected a state_dict, "
                                           "or a dict with one; found a list"));
}

TEST_CASE("the format before PyTorch 1.6 is refused with a way out") {
  CHECK_THROWS_WITH(open("before_1_6"), Contains("before 1.6") && Contains("torch.save it again"));
  CHECK_THROWS_AS(open("before_1_6"), StoreError);
}

TEST_CASE("a file that is not there, a folder and a device are refused") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(open("nothing"), StoreError);
  CHECK_THROWS_AS(WeightsFile::open(folder.path()), StoreError);
  CHECK_THROWS_AS(WeightsFile::open("/dev/null"), StoreError);
}
