// Models whose features are given as arrays instead of towers.
#include <limits>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "data/corpus/manifest.h"
#include "data/corpus/quarantine.h"
#include "encode_support.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"

namespace helip::mining {
namespace {

using Catch::Matchers::Contains;

// A model over the features that the golden towers give for the corpus: the images' in two parts,
// the texts' in one file.
EncodeConfig given_features(const std::filesystem::path& folder,
                            const store::SafetensorsFile& encoded,
                            const std::filesystem::path& corpus) {
  const auto model = folder / "given";
  std::filesystem::create_directories(model / "img_emb");
  const auto write = [](const std::filesystem::path& file, std::span<const float> values,
                        std::uint64_t dim) {
    store::NpyWriter writer(file, store::DType::kF32, {values.size() / dim, dim});
    writer.write_values(values);
    writer.publish();
  };
  const std::vector<float> images = rows(encoded, "image_features");
  const std::vector<float> texts = rows(encoded, "text_features");
  const auto half = std::span(images).first(std::size_t{3} * 10);
  write(model / "img_emb" / "img_emb_0.npy", half, 10);
  write(model / "img_emb" / "img_emb_1.npy", std::span(images).subspan(half.size()), 10);
  write(model / "text.npy", texts, 6);
  const std::string parts = sha256_file(model / "img_emb" / "img_emb_0.npy") + "\n" +
                            sha256_file(model / "img_emb" / "img_emb_1.npy") + "\n";
  const Json json = {
      {"format", "helip_model/1"},
      {"kind", "features"},
      {"embed_dim", 8},
      {"corpus_fingerprint", data::read_manifest(corpus / "manifest.json").fingerprint},
      {"heads", {{"hidden", 12}, {"dropout", 0.25}}},
      {"image_tower",
       {{"features", "img_emb"}, {"sha256", sha256_hex(parts)}, {"feature_dim", 10}}},
      {"text_tower",
       {{"features", "text.npy"},
        {"sha256", sha256_file(model / "text.npy")},
        {"feature_dim", 6}}}};
  publish_file(model / "helip_model.json", json.dump());
  EncodeConfig config = make_config();
  config.model.architecture = model.string();
  config.model.init = config.model.init + "/heads.safetensors";
  config.model.trust_torchscript = false;
  return config;
}

// Gives the model beside a .npy these features of `tower`.
void give(const std::filesystem::path& file, const char* tower) {
  const auto description = file.parent_path() / "helip_model.json";
  auto json = Json::parse(read_text_file(description));
  json[tower]["features"] = file.filename().string();
  json[tower]["sha256"] = sha256_file(file);
  publish_file(description, json.dump());
}

TEST_CASE("given features give the embeddings that the towers gave") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const Encoded towers = encode(make_config(), corpus, {}, folder.path() / "towers");
  const EncodeConfig config = given_features(folder.path(), towers.file, corpus);
  const auto cache = folder.path() / "cache";
  const Encoded given = encode(config, corpus, cache, folder.path() / "given.safetensors");
  CHECK_FALSE(std::filesystem::exists(cache));  // they are there already
  for (const char* name :
       {"image_features", "text_features", "image_embeddings", "text_embeddings"}) {
    CHECK(rows(given.file, name) == rows(towers.file, name));
  }
  const Encoded back = encode(config, corpus, cache, folder.path() / "back", 4, 3);
  const std::vector<float> whole = rows(given.file, "image_embeddings");
  CHECK(rows(back.file, "image_embeddings") ==
        std::vector<float>(whole.begin() + 4 * 8, whole.end()));

  // Zero rows are the pairs that the towers could not use.
  const auto quarantine = data::quarantine_from_json(given.file.metadata().at("quarantine"));
  REQUIRE(quarantine.size() == 2);
  CHECK(quarantine[0].sample == kBroken);
  CHECK(quarantine[0].key == "s2");
  CHECK(quarantine[1].sample == kNoCaption);
  CHECK(quarantine[1].reason == "its row of image features is zero");
}

TEST_CASE("pairs without given features are quarantined though another model encodes them") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const Encoded towers = encode(make_config(), corpus, {}, folder.path() / "towers");
  EncodeConfig config = given_features(folder.path(), towers.file, corpus);
  give(write_npy(folder.path() / "given" / "text.npy", kSamples, 6, {kNoCaption, 6}), "text_tower");
  config.encoder.model = test::golden_towers();
  const Encoded both = encode(config, corpus, {}, folder.path() / "both");
  std::map<std::uint64_t, std::string> reasons;
  for (const auto& entry : data::quarantine_from_json(both.file.metadata().at("quarantine"))) {
    reasons[entry.sample] = entry.reason;
  }
  REQUIRE(reasons.size() == 3);
  CHECK_THAT(reasons.at(kBroken), !Contains("features"));  // as the encoder says it
  CHECK(reasons.at(6) == "its row of text features is zero");
  for (const char* name : {"image_embeddings", "text_embeddings"}) {
    const std::vector<float> left = rows(both.file, name);
    const std::vector<float> all = rows(towers.file, name);
    CHECK(std::equal(left.begin(), left.begin() + 6 * 8, all.begin()));
    CHECK(std::all_of(left.begin() + 6 * 8, left.end(), [](float value) { return value == 0; }));
  }
}

TEST_CASE("a model tuned from pixels has every sample decoded, though given features encode") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const Encoded towers = encode(make_config(), corpus, {}, folder.path() / "towers");
  EncodeConfig config = given_features(folder.path(), towers.file, corpus);
  // Rows for all pairs, as another decoder or caption could have given them.
  give(write_npy(folder.path() / "given" / "image.npy", kSamples, 10), "image_tower");
  give(write_npy(folder.path() / "given" / "text.npy", kSamples, 6), "text_tower");
  CHECK(encode(config, corpus, {}, folder.path() / "alone").report.quarantined == 0);

  config.encoder.model = config.model;
  config.model = tiny_vit(folder.path());
  const Encoded mixed = encode(config, corpus, {}, folder.path() / "mixed");
  const auto found = data::quarantine_from_json(mixed.file.metadata().at("quarantine"));
  const auto named = data::quarantine_from_json(towers.file.metadata().at("quarantine"));
  REQUIRE(found.size() == 2);
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].sample == named[i].sample);
    CHECK(found[i].reason == named[i].reason);
  }
  const std::vector<float> images = rows(mixed.file, "image_embeddings");
  CHECK(images[kBroken * 8] == 0);
  CHECK(images[0] != 0);
}

TEST_CASE("given features that do not fit are refused by file, width, corpus or row") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const Encoded towers = encode(make_config(), corpus, {}, folder.path() / "towers");
  const EncodeConfig config = given_features(folder.path(), towers.file, corpus);
  const auto description = folder.path() / "given" / "helip_model.json";
  const auto original = Json::parse(read_text_file(description));
  const auto refusal = [&](const std::string& pointer, const Json& value) {
    auto json = original;
    json = test::with_value(json, pointer, value);
    publish_file(description, json.dump());
    EncodeConfig untrained = config;  // heads of another width are another matter
    untrained.model.init = "random";
    try {
      open_encode_session(untrained, corpus, {}, "cpu");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  CHECK_THAT(refusal("/corpus_fingerprint", "f00d"), Contains("another corpus"));
  CHECK_THAT(refusal("/image_tower/feature_dim", 11),
             Contains("another width") && Contains("expected 11") && Contains("found 10"));
  CHECK_THAT(
      refusal("/image_tower/features", "img_emb/img_emb_1.npy"),
      Contains("differ in their rows") && Contains("expected 4 rows") && Contains("found 7"));
  CHECK_THAT(refusal("/text_tower/sha256", std::string(64, '0')),
             Contains("text.npy") && Contains("not those that the model names"));
  CHECK_THAT(refusal("/text_tower/features", "nothing.npy"), Contains("nothing.npy"));

  std::vector<float> texts = rows(towers.file, "text_features");
  texts[3 * 6 + 1] = std::numeric_limits<float>::infinity();
  store::NpyWriter writer(folder.path() / "given" / "bad.npy", store::DType::kF32, {kSamples, 6});
  writer.write_values(std::span<const float>(texts));
  writer.publish();
  publish_file(description, original.dump());
  give(folder.path() / "given" / "bad.npy", "text_tower");
  const auto session = open_encode_session(config, corpus, {}, "cpu");
  CHECK_THROWS_WITH(session->encode(0, kSamples, folder.path() / "r", {}, {}),
                    Contains("bad.npy: row 3"));
  CHECK_NOTHROW(session->encode(0, 3, folder.path() / "r", {}, {}));
}

}  // namespace
}  // namespace helip::mining
