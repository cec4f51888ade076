#include "model/files/two_tower_config.h"

#include <catch2/catch.hpp>
#include <map>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "golden_file.h"
#include "model/files/parameter_spec.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::model;
namespace fs = std::filesystem;

namespace {

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
