#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <optional>
#include <span>

#include "common/error.h"
#include "common/json.h"
#include "convert_golden.h"
#include "model/files/convert_job.h"
#include "model/files/model_files.h"
#include "model/files/parameter_spec.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"
#include "weights/torch_checkpoint.h"

using namespace helip;
using namespace helip::model;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

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

TEST_CASE("a SLIP model's folder becomes SLIP's checkpoint and comes back without a changed bit") {
  const test::TemporaryFolder folder;
  for (const bool ssl : {true, false}) {
    const SlipFolder slip(folder.path() / (ssl ? "slip" : "clip"), ssl);
    const fs::path checkpoint = slip.path.string() + ".pt";
    CHECK(convert_slip(slip.path, slip.path, checkpoint).kind == "SLIP checkpoint");
    CHECK(test::first_change(checkpoint, slip.tensors()) == "");
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
    CHECK(test::first_change(back / kCheckpointWeightsFile, slip.tensors()) == "");
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
