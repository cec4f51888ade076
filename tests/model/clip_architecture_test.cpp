#include "model/files/clip_architecture.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/json.h"
#include "golden_file.h"
#include "support/json_edit.h"

using namespace helip;
using namespace helip::model;

namespace {

Json small() {
  return {
      {"embed_dim", 24},
      {"vision_cfg", {{"image_size", 32}, {"layers", 2}, {"width", 64}, {"patch_size", 8}}},
      {"text_cfg",
       {{"context_length", 16}, {"vocab_size", 514}, {"width", 32}, {"heads", 2}, {"layers", 3}}}};
}

OpenClipConfig parse(const Json& config) { return parse_open_clip_config(config.dump(), "m.json"); }

std::string refusal(const Json& config) {
  return test::message_of<ConfigError>([&] { parse(config); });
}

}  // namespace

TEST_CASE("a bare model configuration is read with OpenCLIP's defaults") {
  const OpenClipConfig config = parse(small());
  CHECK(config.architecture.embed_dim == 24);
  CHECK_FALSE(config.architecture.quick_gelu);
  CHECK(config.architecture.vision.head_width == 64);
  CHECK(config.architecture.vision.heads() == 1);
  CHECK(config.architecture.vision.grid() == 4);
  CHECK(config.architecture.vision.mlp_width() == 256);
  CHECK(config.architecture.text.layers == 3);
  CHECK(config.architecture.init_logit_scale == Approx(2.6592600369327783));
  CHECK_FALSE(config.preprocess_given);
  CHECK(config.preprocess.size == 32);
  CHECK(config.preprocess.mean[0] == 0.48145466F);
}

TEST_CASE("an open_clip_config.json is read and written back to equal values") {
  Json wrapped = {{"model_cfg", small()},
                  {"preprocess_cfg",
                   {{"size", {32, 32}},
                    {"mode", "RGB"},
                    {"mean", {0.5, 0.25, 0.125}},
                    {"std", {0.1, 0.2, 0.3}},
                    {"interpolation", "bilinear"},
                    {"resize_mode", "squash"},
                    {"fill_color", 0}}}};
  wrapped["model_cfg"]["quick_gelu"] = true;
  wrapped["model_cfg"]["vision_cfg"]["head_width"] = 16;
  wrapped["model_cfg"]["vision_cfg"]["mlp_ratio"] = 2.5;
  wrapped["model_cfg"]["text_cfg"]["mlp_ratio"] = 3;
  wrapped["model_cfg"]["init_logit_scale"] = 1.5;
  const OpenClipConfig config = parse(wrapped);
  CHECK(config.preprocess_given);
  CHECK(config.architecture.vision.mlp_width() == 160);
  CHECK(config.preprocess.interpolation == data::Interpolation::kBilinear);
  CHECK(config.preprocess.resize_mode == "squash");
  CHECK(config.preprocess.std[2] == 0.3F);

  const std::string text = to_open_clip_json(config.architecture, config.preprocess);
  const OpenClipConfig again = parse_open_clip_config(text, "again");
  CHECK(again.architecture == config.architecture);
  CHECK(first_difference(again, config).key.empty());
  CHECK(text.find("0.1,") != std::string::npos);  // as it was given, not 0.10000000149
}

TEST_CASE("OpenCLIP's mean and deviation are written as OpenCLIP writes them") {
  const OpenClipConfig config = parse(small());
  const Json written = Json::parse(to_open_clip_json(config.architecture, config.preprocess));
  // As doubles: several of them are not the shortest that give the same float.
  CHECK(written["preprocess_cfg"]["mean"] == Json({0.48145466, 0.4578275, 0.40821073}));
  CHECK(written["preprocess_cfg"]["std"] == Json({0.26862954, 0.26130258, 0.27577711}));
}

TEST_CASE("the configurations that are installed are read") {
  const std::filesystem::path folder = std::filesystem::path(HELIP_SOURCE_DIR) / "configs/models";
  const Json golden = test::read_json(test::golden("open_clip_configs/configs.json"));
  std::size_t open_clip = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path().string());
    const Json config = test::read_json(entry.path());
    if (config.contains("format")) continue;  // SLIP's
    CHECK(refusal(config).empty());
    const std::string name = entry.path().stem().string();
    if (name.starts_with("helip-")) continue;
    REQUIRE(golden.contains(name));
    CHECK(config == golden.at(name).at("config"));
    ++open_clip;
  }
  CHECK(open_clip == 42);
}

TEST_CASE("of OpenCLIP's configurations those are accepted that are installed") {
  const Json golden = test::read_json(test::golden("open_clip_configs/configs.json"));
  CHECK(golden.size() == 144);
  std::size_t accepted = 0;
  for (const auto& [name, entry] : golden.items()) {
    INFO(name);
    const std::string message = refusal(entry.at("config"));
    if (entry.at("refused").empty()) {
      CHECK(message.empty());
      ++accepted;
      continue;
    }
    // The first of the fields that stand in the way is named.
    bool named = false;
    for (const auto& field : entry.at("refused")) {
      named = named || message.find(": " + field.get<std::string>()) != std::string::npos;
    }
    INFO(message);
    CHECK(named);
  }
  CHECK(accepted == 42);
}

TEST_CASE("options of the towers are read and written back to equal values") {
  for (const char* name : {"average_pool", "fixed_positions", "projection_bias", "tiny_resnet"}) {
    INFO(name);
    const Json config =
        test::read_json(test::golden("architectures") / (std::string(name) + ".json"));
    const OpenClipConfig read = parse(config);
    const OpenClipConfig again =
        parse_open_clip_config(to_open_clip_json(read.architecture, read.preprocess), "again");
    CHECK(again.architecture == read.architecture);
  }
  Json config = small();
  config["vision_cfg"]["patch_dropout"] = 0.25;
  config["custom_text"] = true;
  const ClipArchitecture read = parse(config).architecture;
  CHECK(read.vision.patch_dropout == 0.25);
  CHECK(parse_open_clip_config(to_open_clip_json(read, parse(config).preprocess), "again")
            .architecture == read);
  const ClipArchitecture resnet =
      parse(test::read_json(test::golden("architectures/tiny_resnet.json"))).architecture;
  CHECK(resnet.vision.is_resnet());
  CHECK(resnet.vision.grid() == 2);
  CHECK(resnet.vision.heads() == 8);
}

TEST_CASE("what differs between two models is named with both values") {
  Json other = small();
  other["vision_cfg"]["width"] = 128;
  JsonDifference difference = first_difference(parse(small()), parse(other));
  CHECK(difference.key == "/model_cfg/vision_cfg/width");
  CHECK(difference.a == "64");
  CHECK(difference.b == "128");
  other = small();
  other["quick_gelu"] = true;
  difference = first_difference(parse(small()), parse(other));
  CHECK(difference.key == "/model_cfg/quick_gelu");
  CHECK(difference.a == "the default");
  CHECK(difference.b == "true");
}

TEST_CASE("malformed and unsupported model configurations are refused by key") {
  const auto changed = [](const std::string& pointer, const Json& value) {
    Json config = small();
    config = test::with_value(config, pointer, value);
    return refusal(config);
  };
  CHECK(test::message_of<ConfigError>([] {
          parse_open_clip_config("{\"embed_dim\": 2", "m.json");
        }).find("m.json") != std::string::npos);
  CHECK(test::message_of<ConfigError>([] {
          parse_open_clip_config("[1]", "m.json");
        }).find("array") != std::string::npos);

  CHECK(changed("/embed_dim", 0).find("m.json: embed_dim") != std::string::npos);
  CHECK(changed("/embed_dim", -3).find("embed_dim") != std::string::npos);
  CHECK(changed("/embed_dim", "24").find("embed_dim") != std::string::npos);
  CHECK(changed("/embed_dim", 1e12).find("embed_dim") != std::string::npos);
  CHECK(changed("/embed_dims", 3).find("unknown key") != std::string::npos);
  CHECK(changed("/vision_cfg/depth", 3).find("vision_cfg.depth") != std::string::npos);
  CHECK(changed("/vision_cfg/layers", {3, 4, 6}).find("vision_cfg.layers") != std::string::npos);
  CHECK(changed("/vision_cfg/layers", {3, 4, 0, 3}).find("whole numbers") != std::string::npos);
  CHECK(changed("/vision_cfg/layers", {3, 4, 1.5, 3}).find("whole numbers") != std::string::npos);
  CHECK(changed("/vision_cfg/layers", 1001).find("at most 1000") != std::string::npos);
  CHECK(changed("/vision_cfg/image_size", {32, 64}).find("only squares") != std::string::npos);
  CHECK(changed("/vision_cfg/patch_size", 33).find("patch_size") != std::string::npos);
  CHECK(changed("/vision_cfg/width", 65).find("multiple of head_width 64") != std::string::npos);
  CHECK(changed("/vision_cfg/timm_model_name", "resnet50").find("timm_model_name") !=
        std::string::npos);
  CHECK(changed("/vision_cfg/pool_type", "none").find("tok, avg") != std::string::npos);
  CHECK(changed("/vision_cfg/attentional_pool", true).find("attentional_pool") !=
        std::string::npos);
  CHECK(changed("/vision_cfg/patch_dropout", 1).find("patch_dropout") != std::string::npos);
  CHECK(changed("/vision_cfg/mlp_ratio", 0).find("mlp_ratio") != std::string::npos);
  CHECK(changed("/text_cfg/heads", 3).find("text_cfg.width") != std::string::npos);
  CHECK(changed("/text_cfg/hf_model_name", "roberta").find("hf_model_name") != std::string::npos);
  CHECK(changed("/text_cfg/pool_type", "none").find("argmax, first, last, eos") !=
        std::string::npos);
  CHECK(changed("/text_cfg/embed_cls", true).find("embed_cls") != std::string::npos);
  CHECK(changed("/text_cfg/proj_type", "none").find("embed_dim 24") != std::string::npos);
  CHECK(changed("/text_cfg/norm_kwargs", {{"eps", 1e-6}}).find("norm_kwargs") != std::string::npos);
  CHECK(changed("/init_logit_bias", -10).find("init_logit_bias") != std::string::npos);

  Json missing = small();
  missing = test::without_key(missing, "vision_cfg");
  CHECK(refusal(missing).find("vision_cfg") != std::string::npos);
  Json resnet = small();
  resnet["vision_cfg"] = {{"layers", {1, 1, 1, 1}}, {"image_size", 63}, {"width", 8}};
  CHECK(refusal(resnet).find("multiple of 32") != std::string::npos);
  resnet["vision_cfg"]["image_size"] = 64;
  CHECK(refusal(resnet).empty());
  resnet["vision_cfg"]["width"] = 7;
  CHECK(refusal(resnet).find("vision_cfg.width") != std::string::npos);
  resnet["vision_cfg"]["width"] = 8;
  resnet["vision_cfg"]["no_ln_pre"] = true;
  CHECK(refusal(resnet).find("no_ln_pre") != std::string::npos);
  // Options at their defaults change nothing.
  CHECK(changed("/vision_cfg/pool_type", "tok").empty());
  CHECK(changed("/text_cfg/embed_cls", false).empty());
  CHECK(changed("/vision_cfg/patch_dropout", 0).empty());

  const auto preprocessing = [](const std::string& key, const Json& value) {
    Json config = {{"model_cfg", small()}, {"preprocess_cfg", {{"size", 32}}}};
    config["preprocess_cfg"][key] = value;
    return refusal(config);
  };
  CHECK(preprocessing("size", 64).find("image_size") != std::string::npos);
  CHECK(preprocessing("interpolation", "random").find("interpolation") != std::string::npos);
  CHECK(preprocessing("resize_mode", "longest").find("resize_mode") != std::string::npos);
  CHECK(preprocessing("std", {1, 1, 0}).find("std") != std::string::npos);
  CHECK(preprocessing("mean", {1, 1}).find("mean") != std::string::npos);
  CHECK(preprocessing("mode", "L").find("mode") != std::string::npos);
}
