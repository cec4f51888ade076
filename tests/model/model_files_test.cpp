#include "model/files/model_files.h"

#include <catch2/catch.hpp>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "golden_file.h"
#include "model/files/folder_draft.h"
#include "model/files/model_digest.h"
#include "model/files/parameter_spec.h"
#include "model/files/two_tower_config.h"
#include "store/safetensors.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::model;
namespace fs = std::filesystem;

namespace {

constexpr auto kModel = FolderWeights::kWholeModel;
constexpr auto kHeads = FolderWeights::kHeads;

// A copy of the golden locked-towers folder that a test may damage.
void copy_locked(const fs::path& folder) {
  fs::create_directories(folder);
  for (const char* name :
       {"helip_model.json", "image_tower.ts", "text_tower.ts", "vocab.txt", "heads.safetensors"}) {
    fs::copy_file(test::golden("locked_towers") / name, folder / name);
  }
}

// The message for the golden helip_model.json with one value changed.
std::string refusal(const std::string& pointer, const Json& value) {
  const test::TemporaryFolder folder;
  auto json = test::read_json(test::golden("locked_towers/helip_model.json"));
  json = test::with_value(json, pointer, value);
  test::write_text(folder.path() / kTwoTowerConfigFile, json.dump());
  return test::message_of<ConfigError>([&] { read_two_tower_config(folder.path()); });
}

}  // namespace

TEST_CASE("a folder of shards is named by what saved it, with the way to one file") {
  const test::TemporaryFolder folder;
  const auto refusal_of = [&](const std::string& file, const std::string& named = {}) {
    const fs::path place = folder.path() / file;
    fs::create_directories(place.parent_path());
    test::write_text(place, "x");
    return test::message_of<ConfigError>(
        [&] { find_weights(named.empty() ? place.parent_path() : folder.path() / named, kModel); });
  };
  for (const auto& [file, named] : std::vector<std::pair<std::string, std::string>>{
           {"a/zero_to_fp32.py", ""},
           {"b/global_step1/mp_rank_00_model_states.pt", ""},
           {"c/global_step1/mp_rank_00_model_states.pt", "c"}}) {
    CHECK_THAT(refusal_of(file, named), Catch::Contains("found shards of DeepSpeed: join them"));
  }
  CHECK_THAT(refusal_of("d/__0_0.distcp"), Catch::Contains("found shards of PyTorch (.distcp)"));
  CHECK_THAT(refusal_of("e/model.safetensors.index.json"),
             Catch::Contains("found shards that model.safetensors.index.json lists"));
  CHECK_THAT(refusal_of("f/best.pt"), Catch::Contains("found a folder with best.pt: name that"));
}

TEST_CASE("an architecture is found by name, by file and by folder") {
  const test::TemporaryFolder folder;
  const fs::path installed = fs::path(HELIP_SOURCE_DIR) / "configs/models";
  const auto clip_of = [&](const std::string& name) {
    return std::get<OpenClipConfig>(find_architecture(name, installed).description);
  };
  const auto slip_of = [&](const std::string& name) {
    return std::get<SlipDescription>(find_architecture(name, installed).description).architecture;
  };
  CHECK(clip_of("ViT-B-32").architecture.vision.patch_size == 32);
  const std::string file = (installed / "ViT-B-16.json").string();
  CHECK(clip_of(file).architecture.vision.patch_size == 16);

  fs::create_directories(folder.path() / "model");
  fs::copy_file(test::golden("open_clip_model/config.json"),
                folder.path() / "model" / kOpenClipConfigFile);
  const OpenClipConfig clip = clip_of((folder.path() / "model").string());
  CHECK(clip.architecture.embed_dim == 24);
  CHECK(clip.preprocess_given);

  CHECK(slip_of("SLIP_VITS16").vision.heads() == 12);
  CHECK(slip_of("SLIP_VITS16").ssl_head);
  CHECK(slip_of("CLIP_VITL16").ssl_head == std::nullopt);

  for (const char* towers : {"locked_towers", "locked_towers/helip_model.json"}) {
    const auto source = find_architecture(test::golden(towers).string(), installed);
    CHECK(std::get<TwoTowerFolder>(source.description).path == test::golden("locked_towers"));
    CHECK(source.file == test::golden("locked_towers/helip_model.json"));
    CHECK(folder_weights(source) == kHeads);
    CHECK(find_two_towers(source)->kind == TowersKind::kLocked);
  }
}

TEST_CASE("an architecture that is not there is refused with the names that are") {
  const test::TemporaryFolder folder;
  const fs::path installed = fs::path(HELIP_SOURCE_DIR) / "configs/models";
  const auto refuse = [&](const std::string& name) {
    return test::message_of<ConfigError>([&] { find_architecture(name, installed); });
  };
  CHECK(refuse("ViT-B-17").find("ViT-B-16, ViT-B-16-plus, ViT-B-16-plus-240, ViT-B-16-quickgelu") !=
        std::string::npos);
  CHECK(refuse("../models/ViT-B-16").find("no such model") != std::string::npos);
  CHECK(refuse("SIMCLR_VITB16").find("no text tower") != std::string::npos);
  CHECK(refuse("").find("no such model") != std::string::npos);
  CHECK(refuse(folder.path().string()).find("holds no model") != std::string::npos);
}

TEST_CASE("weights are found in a file, a model folder and a checkpoint") {
  const test::TemporaryFolder folder;
  const auto touch = [&](const char* name) {
    fs::create_directories((folder.path() / name).parent_path());
    test::write_text(folder.path() / name, "x");
    return folder.path() / name;
  };
  const fs::path file = touch("w.safetensors");
  CHECK(find_weights(file, kModel) == file);
  const fs::path model = touch("model/open_clip_model.safetensors");
  CHECK(find_weights(model.parent_path(), kModel) == model);
  const fs::path heads = touch("locked/heads.safetensors");
  CHECK(find_weights(heads.parent_path(), kHeads) == heads);
  const fs::path step = touch("checkpoints/step-00000100/model.safetensors");
  CHECK(find_weights(step.parent_path(), kModel) == step);
  CHECK(find_weights(step.parent_path(), kHeads) == step);
  CHECK_THROWS_AS(find_weights(model.parent_path(), kHeads), ConfigError);
  CHECK_THROWS_AS(find_weights(folder.path() / "nothing", kModel), ConfigError);
  for (const char* name : {"w.pt", "w.pth", "w.bin"}) {
    CHECK(find_weights(touch(name), kModel) == folder.path() / name);
  }
  const fs::path torch = touch("hub/open_clip_pytorch_model.bin");
  CHECK(find_weights(torch.parent_path(), kModel) == torch);
  CHECK_THROWS_AS(find_weights(torch.parent_path(), kHeads), ConfigError);
  const fs::path other = touch("weights.npz");
  const auto refusal = [&](FolderWeights weights, const WeightsPlace& place) {
    return test::message_of<ConfigError>([&] { find_weights(other, weights, place); });
  };
  CHECK(refusal(kModel, {}) ==
        "model.init: no weights there; expected random, a file (.safetensors, .pt, .pth, .bin or "
        ".ckpt), "
        "or a folder with open_clip_model.safetensors, model.safetensors or "
        "open_clip_pytorch_model.bin; found " +
            other.string());
  CHECK(refusal(kHeads, {.name = "IN", .may_be_random = false})
            .starts_with(
                "IN: no weights there; expected a file (.safetensors, .pt, .pth, .bin or .ckpt), "
                "or a folder with heads.safetensors or model.safetensors; found"));
  CHECK(refusal(kModel, {.name = "encoder.model.init"})
            .starts_with("encoder.model.init: no weights there; expected random, a file"));
}

TEST_CASE("a SLIP checkpoint tells its architecture, others do not") {
  CHECK(architecture_of_weights(test::golden("checkpoints/slip.pt")) == "SLIP_VITS16");
  CHECK(architecture_of_weights(test::golden("checkpoints/open_clip.pt")).empty());
}

TEST_CASE("a file of SLIP's SIMCLR_ models tells a name, which is refused for its missing tower") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "simclr.safetensors";
  const std::vector<float> token(384);
  store::write_safetensors(
      file,
      {{"module.visual.cls_token",
        {.dtype = "F32", .shape = {1, 1, 384}, .data = std::as_bytes(std::span(token))}}},
      {});
  const std::string name = architecture_of_weights(file);
  CHECK(name == "SIMCLR_VITS16");
  const std::string message =
      test::message_of<ConfigError>([&] { find_architecture(name, folder.path()); });
  CHECK(message.find("no text tower") != std::string::npos);
}

TEST_CASE("a locked-towers folder is read") {
  const TwoTowerConfig config = read_two_tower_config(test::golden("locked_towers"));
  CHECK(config.embed_dim == 8);
  CHECK(config.image.head.hidden == 12);
  CHECK(config.image.head.dropout == 0.25);
  CHECK(config.image.feature_dim == 10);
  CHECK(config.image.preprocess.size == 16);
  CHECK(config.image.preprocess.resize_mode == "squash");
  CHECK(config.image.preprocess.std[1] == 0.2F);
  CHECK(config.text.feature_dim == 6);
  CHECK(config.text.tokenizer->kind == TokenizerKind::kWordpiece);
  CHECK(config.text.tokenizer->context_length == 9);
  CHECK_NOTHROW(verify_files(config));
}

TEST_CASE("a malformed helip_model.json is refused by key") {
  CHECK(refusal("/format", "helip_model/2").find("format") != std::string::npos);
  CHECK(refusal("/kind", "mlp").find("locked_towers") != std::string::npos);
  CHECK(refusal("/heads/dropout", 1.0).find("heads.dropout") != std::string::npos);
  CHECK(refusal("/heads/kind", "deep").find("mlp, linear, none") != std::string::npos);
  CHECK(refusal("/heads/layers", 2).find("heads.layers") != std::string::npos);
  CHECK(refusal("/image_tower/file", "../x.ts").find("inside the model's folder") !=
        std::string::npos);
  CHECK(refusal("/text_tower/file", "/x.ts").find("text_tower.file") != std::string::npos);
  CHECK(refusal("/text_tower/sha256", "abc").find("64 lower-case hex") != std::string::npos);
  CHECK(
      refusal("/text_tower/tokenizer/kind", "bpe").find("wordpiece, clip_bpe or byte_level_bpe") !=
      std::string::npos);
  CHECK(refusal("/image_tower/preprocess/size", nullptr).find("preprocess.size") !=
        std::string::npos);
  CHECK(refusal("/image_tower/preprocess/crop", 1).find("unknown key") != std::string::npos);
}

TEST_CASE("which towers are trained is read from files of kind towers alone") {
  const test::TemporaryFolder folder;
  const auto with = [&](const Json& changes) {
    auto json = test::read_json(test::golden("trained_towers/helip_model.json"));
    for (const auto& [pointer, value] : changes.items()) {
      json = test::with_value(json, pointer, value);
    }
    test::write_text(folder.path() / kTwoTowerConfigFile, json.dump());
    return read_two_tower_config(folder.path());
  };
  const auto refused = [&](const Json& changes) {
    return test::message_of<ConfigError>([&] { with(changes); });
  };
  const TwoTowerConfig config = with(Json::object());
  CHECK(config.kind == TowersKind::kTrained);
  CHECK(config.image.train == "all");
  CHECK(config.text.train == "from:layers.1");
  CHECK(with({{"/image_tower/train", "none"}}).image.train == kTrainNothing);
  CHECK(refused({{"/kind", "locked_towers"}}).find("image_tower.train") != std::string::npos);
  for (const char* train : {"some", "from:", "layer4", ""}) {
    CHECK(refused({{"/image_tower/train", train}}).find("none, all or from:LAYER") !=
          std::string::npos);
  }
  CHECK(refused({{"/image_tower/train", "none"}, {"/text_tower/train", "none"}})
            .find("no tower is trained") != std::string::npos);
  CHECK(refused({{"/text_tower/tokenizer/pad_id", 1}}).find("pad_id") != std::string::npos);
  const Json byte_level = {{"/text_tower/tokenizer/kind", "byte_level_bpe"},
                           {"/text_tower/tokenizer/pad_id", 5}};
  CHECK(with(byte_level).text.tokenizer->pad_id == 5);
  CHECK(digest_of_towers(with(byte_level)) != digest_of_towers(config));
  // What a tower was trained from does not count; which of its layers are trained does.
  const std::string other(64, '0');
  CHECK(digest_of_towers(with({{"/image_tower/sha256", other}})) == digest_of_towers(config));
  CHECK(digest_of_towers(with({{"/image_tower/train", "none"}})) != digest_of_towers(config));
}

TEST_CASE("towers of one joint space need no heads, others do") {
  const test::TemporaryFolder folder;
  auto json = test::read_json(test::golden("trained_towers/helip_model.json"));
  json["heads"] = {{"kind", "none"}};
  json["embed_dim"] = json["image_tower"]["feature_dim"];
  const auto read = [&] {
    test::write_text(folder.path() / kTwoTowerConfigFile, json.dump());
    return read_two_tower_config(folder.path());
  };
  CHECK_THAT(test::message_of<ConfigError>(read),
             Catch::Contains("text_tower.feature_dim: a tower without a head gives rows of the "
                             "joint space; expected 10, as embed_dim; found 6"));
  json["text_tower"]["feature_dim"] = json["image_tower"]["feature_dim"];
  CHECK(read().text.head.kind == HeadKind::kNone);
  CHECK(head_parameters(read()).size() == 1);
  json["heads"]["hidden"] = 12;
  CHECK_THAT(test::message_of<ConfigError>(read), Catch::Contains("heads.hidden"));
}

TEST_CASE("a tower has a head of its own, or the common one") {
  const test::TemporaryFolder folder;
  auto json = test::read_json(test::golden("trained_towers/helip_model.json"));
  const auto read = [&] {
    test::write_text(folder.path() / kTwoTowerConfigFile, json.dump());
    return read_two_tower_config(folder.path());
  };
  const auto sizes = [&] {
    std::map<std::string, std::vector<std::int64_t>> shapes;
    for (const ParameterSpec& spec : head_parameters(read())) shapes[spec.name] = spec.shape;
    return shapes;
  };
  using Shape = std::vector<std::int64_t>;
  const auto common = read().image.head;
  json["text_tower"]["head"] = {{"hidden", 7}, {"dropout", 0.5}};
  CHECK(read().image.head == common);
  CHECK(read().text.head == HeadDescription{.hidden = 7, .dropout = 0.5});
  CHECK(sizes().at("text_head.0.weight") == Shape{7, 6});

  json["image_tower"]["head"] = {{"kind", "linear"}};
  CHECK_THAT(test::message_of<ConfigError>(read), Catch::Contains("heads: unknown key"));
  json = test::without_key(json, "heads");
  CHECK(read().image.head.kind == HeadKind::kLinear);
  const std::int64_t embed_dim = read().embed_dim;
  CHECK(sizes().at("image_head.weight") == Shape{embed_dim, 10});
  CHECK(sizes().at("image_head.bias") == Shape{embed_dim});
  CHECK(sizes().size() == 2 + 4 + 1);

  // What is written is read back.
  for (const char* file : {"image_tower.ts", "text_tower.ts", "vocab.txt"}) {
    fs::copy_file(test::golden("trained_towers") / file, folder.path() / file);
  }
  const TwoTowerConfig config = read();
  fs::create_directories(folder.path() / "out");
  write_two_towers(config, folder.path() / "out");
  const TwoTowerConfig again = read_two_tower_config(folder.path() / "out");
  CHECK(again.image.head == config.image.head);
  CHECK(again.text.head == config.text.head);

  json["image_tower"]["head"] = {{"kind", "linear"}, {"hidden", 3}};
  CHECK_THAT(test::message_of<ConfigError>(read),
             Catch::Contains("image_tower.head.hidden: unknown key"));
  json["image_tower"]["head"] = {{"kind", "none"}};
  CHECK_THAT(test::message_of<ConfigError>(read), Catch::Contains("image_tower.feature_dim"));
  json["image_tower"]["head"] = "none";
  CHECK_THROWS_AS(read(), ConfigError);
  json["image_tower"] = test::without_key(json["image_tower"], "head");
  CHECK_THAT(test::message_of<ConfigError>(read), Catch::Contains("heads"));
}

TEST_CASE("a frozen tower has one digest whatever the other is, and whatever the heads are") {
  const test::TemporaryFolder folder;
  const auto with = [&](const Json& changes) {
    auto json = test::read_json(test::golden("trained_towers/helip_model.json"));
    json["text_tower"]["train"] = "none";
    for (const auto& [pointer, value] : changes.items()) {
      json = test::with_value(json, pointer, value);
    }
    test::write_text(folder.path() / kTwoTowerConfigFile, json.dump());
    return read_two_tower_config(folder.path());
  };
  const TwoTowerConfig config = with(Json::object());
  CHECK(config.input_kinds() == InputKinds{.text = InputKind::kFeatures});
  CHECK(with({{"/image_tower/train", "none"}, {"/text_tower/train", "all"}}).input_kinds() ==
        InputKinds{.image = InputKind::kFeatures});
  const std::string other(64, '0');
  for (const Json& changes :
       {Json{{"/image_tower/train", "from:layer2"}}, Json{{"/image_tower/sha256", other}},
        Json{{"/heads/hidden", 5}}, Json{{"/image_tower/preprocess/size", 8}}}) {
    CHECK(digest_of_text_tower(with(changes)) == digest_of_text_tower(config));
  }
  for (const Json& changes :
       {Json{{"/text_tower/sha256", other}}, Json{{"/text_tower/tokenizer/sha256", other}},
        Json{{"/text_tower/tokenizer/context_length", 5}}, Json{{"/text_tower/feature_dim", 5}},
        Json{{"/text_tower/train", "all"}}}) {
    CHECK(digest_of_text_tower(with(changes)) != digest_of_text_tower(config));
    CHECK(digest_of_image_tower(with(changes)) == digest_of_image_tower(config));
    CHECK(digest_of_towers(with(changes)) != digest_of_towers(config));
  }
}

TEST_CASE("given features are named with their digest and the corpus, wherever they lie") {
  const test::TemporaryFolder folder;
  const std::string digest(64, 'a');
  Json json = {
      {"format", "helip_model/1"},
      {"kind", "features"},
      {"embed_dim", 8},
      {"corpus_fingerprint", "f00d"},
      {"heads", {{"hidden", 12}}},
      {"image_tower", {{"features", "../img_emb"}, {"sha256", digest}, {"feature_dim", 10}}},
      {"text_tower", {{"features", "/data/text.npy"}, {"sha256", digest}, {"feature_dim", 6}}}};
  const auto read = [&] {
    test::write_text(folder.path() / kTwoTowerConfigFile, json.dump());
    return read_two_tower_config(folder.path());
  };
  const TwoTowerConfig config = read();
  CHECK(config.kind == TowersKind::kFeatures);
  CHECK(config.image.file.path == folder.path() / "../img_emb");
  CHECK(config.text.file.path == "/data/text.npy");
  CHECK(config.corpus_fingerprint == "f00d");

  fs::create_directories(folder.path() / "out");
  write_two_towers(config, folder.path() / "out");
  const TwoTowerConfig again = read_two_tower_config(folder.path() / "out");
  CHECK(again.image.file.path == (folder.path().parent_path() / "img_emb"));
  CHECK(digest_of_towers(again) == digest_of_towers(config));
  json["corpus_fingerprint"] = "beef";
  CHECK(digest_of_towers(read()) != digest_of_towers(config));
  json = test::without_key(json, "corpus_fingerprint");
  CHECK_THROWS_AS(read(), ConfigError);
}

TEST_CASE("a changed or missing tower is refused with both digests") {
  const test::TemporaryFolder folder;
  copy_locked(folder.path() / "m");
  const TwoTowerConfig config = read_two_tower_config(folder.path() / "m");
  std::string bytes = test::read_text(folder.path() / "m/image_tower.ts");
  bytes[bytes.size() / 2] ^= 1;
  test::write_text(folder.path() / "m/image_tower.ts", bytes);
  const std::string message = test::message_of<StoreError>([&] { verify_files(config); });
  CHECK(message.find("image_tower.ts") != std::string::npos);
  CHECK(message.find(config.image.file.sha256) != std::string::npos);
  CHECK(message.find(sha256_hex(bytes)) != std::string::npos);
  fs::remove(folder.path() / "m/image_tower.ts");
  CHECK_THROWS_AS(verify_files(config), StoreError);
}

TEST_CASE("a locked-towers folder is written with its files and read back") {
  const test::TemporaryFolder folder;
  const TwoTowerConfig config = read_two_tower_config(test::golden("locked_towers"));
  write_two_towers(config, folder.path());
  const TwoTowerConfig again = read_two_tower_config(folder.path());
  CHECK_NOTHROW(verify_files(again));
  CHECK(digest_of_towers(again) == digest_of_towers(config));
  CHECK(again.text.head.hidden == config.image.head.hidden);
  CHECK(again.text.head.dropout == config.image.head.dropout);
  CHECK(again.embed_dim == config.embed_dim);
  CHECK(test::read_text(again.image.file.path) == test::read_text(config.image.file.path));

  TwoTowerConfig other = config;
  other.image.preprocess.mean[0] += 0.125F;
  CHECK(digest_of_towers(other) != digest_of_towers(config));
}

TEST_CASE("a folder appears as a whole or not at all") {
  const test::TemporaryFolder folder;
  const fs::path target = folder.path() / "model";
  {
    FolderDraft draft(target);
    test::write_text(draft.path() / "half", "x");
  }
  CHECK(fs::is_empty(folder.path()));
  FolderDraft draft(target.string() + "/");
  test::write_text(draft.path() / "file", "x");
  CHECK_FALSE(fs::exists(target));
  draft.publish();
  CHECK(test::read_text(target / "file") == "x");
  CHECK_THROWS_AS(FolderDraft(target), StoreError);
  CHECK(test::read_text(target / "file") == "x");
}

TEST_CASE("a model's digest follows the contents of its files, not their place") {
  const test::TemporaryFolder folder;
  const fs::path here = folder.path() / "here";
  const fs::path there = folder.path() / "there";
  copy_locked(here);
  copy_locked(there);
  const auto digest = [](const fs::path& architecture, const std::string& init) {
    config::ModelConfig config;
    config.architecture = architecture.string();
    config.init = init;
    return model_digest(config);
  };
  const std::string first = digest(here, here.string());
  CHECK(digest(there, there.string()) == first);
  CHECK(digest(here, (there / "heads.safetensors").string()) == first);
  CHECK(digest(here, "random") != first);
  test::write_text(there / "heads.safetensors", "other weights");
  CHECK(digest(here, there.string()) != first);
  CHECK_THROWS_AS(digest(here, (folder.path() / "nothing").string()), ConfigError);

  config::ModelConfig random;
  random.architecture = here.string();
  const std::string seed_0 = model_digest(random);
  random.init_seed = 1;
  CHECK(model_digest(random) != seed_0);
}
