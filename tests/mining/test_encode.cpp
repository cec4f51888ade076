// The encode stage over a small corpus, against what Pillow and torch give (tests/golden/encode).
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "data/corpus/corpus.h"
#include "data/corpus/feature_cache.h"
#include "data/corpus/manifest.h"
#include "data/corpus/quarantine.h"
#include "data/import/open_or_index.h"
#include "mining/encode/encode_job.h"
#include "store/npy.h"
#include "store/safetensors.h"
#include "support/golden_towers.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"

namespace helip::mining {
namespace {

using Catch::Matchers::Contains;
using test::add_member;

constexpr std::uint64_t kSamples = 7;
constexpr std::uint64_t kBroken = 2;  // a picture that is cut off
constexpr std::uint64_t kNoCaption = 5;

// Golden pictures in order, a broken one at 2 and one with an empty caption at 5, in two shards.
std::filesystem::path make_corpus(const std::filesystem::path& folder) {
  const Json captions = test::expected_of_pictures().at("captions");
  std::filesystem::create_directories(folder / "shards");
  std::size_t golden = 0;
  for (const std::uint64_t shard : {0, 1}) {
    data::TarWriter tar(folder / "shards" / (cat("0000", shard, ".tar")));
    for (std::uint64_t i = shard * 4; i < std::min<std::uint64_t>(kSamples, shard * 4 + 4); ++i) {
      const std::string key = cat("s", i);
      const bool special = i == kBroken || i == kNoCaption;
      const std::string name = i == kBroken ? "broken.png" : cat(special ? 0 : golden, ".png");
      add_member(tar, key + ".png", test::picture(name));
      add_member(tar, key + ".txt",
                 i == kNoCaption ? " " : captions.at(special ? 0 : golden).get<std::string>());
      if (!special) ++golden;
    }
    tar.publish();
  }
  return data::open_or_index({.path = (folder / "shards").string()}, folder / "corpus");
}

EncodeConfig make_config() {
  EncodeConfig config;
  config.model = test::golden_towers();
  config.encoder.batch_size = 2;
  config.encoder.task_samples = 4;
  return config;
}

struct Encoded {
  EncodeReport report;
  store::SafetensorsFile file;
};

Encoded encode(const EncodeConfig& config, const std::filesystem::path& corpus,
               const std::filesystem::path& cache, const std::filesystem::path& result,
               std::uint64_t first = 0, std::uint64_t count = kSamples) {
  const auto session = open_encode_session(config, corpus, cache, "cpu");
  std::uint64_t done = 0;
  const EncodeReport report = session->encode(
      first, count, result,
      [&](const mining::EncodeReport& report) {
        return std::map<std::string, std::string>{{"first", std::to_string(first)},
                                                  {"samples", std::to_string(report.samples)}};
      },
      [&](std::uint64_t now, std::uint64_t total) {
        CHECK(now >= done);
        CHECK(total == count);
        done = now;
      });
  CHECK(done == count);
  return {report, store::SafetensorsFile::open(result)};
}

std::vector<float> rows(const store::SafetensorsFile& file, const std::string& name) {
  const auto values = file.values<float>(name, "F32");
  return {values.begin(), values.end()};
}

void check_golden(const store::SafetensorsFile& file, const std::string& name) {
  INFO(name);
  const Json expected = test::expected_of_pictures().at(name);
  const std::vector<float> found = rows(file, name);
  const std::size_t dim = expected[0].size();
  REQUIRE(found.size() == kSamples * dim);
  std::size_t golden = 0;
  for (std::size_t row = 0; row < kSamples; ++row) {
    const bool quarantined = row == kBroken || row == kNoCaption;
    for (std::size_t e = 0; e < dim; ++e) {
      const float value = found[row * dim + e];
      if (quarantined) {
        CHECK(value == 0);
      } else {
        CHECK(value == Approx(expected[golden][e].get<double>()).margin(1e-5));
      }
    }
    if (!quarantined) ++golden;
  }
}

// The only file below the cache.
std::filesystem::path cached_file(const std::filesystem::path& cache) {
  std::filesystem::path found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(cache)) {
    if (!entry.is_regular_file()) continue;
    REQUIRE(found.empty());
    found = entry.path();
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

TEST_CASE("features and embeddings equal the golden file, quarantined samples are zero and named") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const Encoded encoded = encode(make_config(), corpus, {}, folder.path() / "all.safetensors");
  for (const char* name :
       {"image_features", "text_features", "image_embeddings", "text_embeddings"}) {
    check_golden(encoded.file, name);
  }
  CHECK(encoded.report.samples == kSamples);
  CHECK(encoded.report.quarantined == 2);
  CHECK(encoded.report.sha256 == sha256_file(folder.path() / "all.safetensors"));
  CHECK(encoded.file.metadata().at("first") == "0");

  const auto quarantine = data::quarantine_from_json(encoded.file.metadata().at("quarantine"));
  REQUIRE(quarantine.size() == 2);
  CHECK(quarantine[0].sample == kBroken);
  CHECK(quarantine[0].key == "s2");
  CHECK(quarantine[0].shard == "00000.tar");
  CHECK_FALSE(quarantine[0].reason.empty());
  CHECK(quarantine[1].sample == kNoCaption);
  CHECK(quarantine[1].shard == "00001.tar");
  CHECK_THAT(quarantine[1].reason, Contains("caption"));
}

TEST_CASE("results do not depend on how the corpus is cut into tasks or on the cache") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const auto cache = folder.path() / "cache";
  const Encoded whole = encode(make_config(), corpus, {}, folder.path() / "whole");
  const Encoded front = encode(make_config(), corpus, cache, folder.path() / "front", 0, 4);
  const Encoded back = encode(make_config(), corpus, cache, folder.path() / "back", 4, 3);
  for (const char* name :
       {"image_features", "text_features", "image_embeddings", "text_embeddings"}) {
    std::vector<float> joined = rows(front.file, name);
    const std::vector<float> rest = rows(back.file, name);
    joined.insert(joined.end(), rest.begin(), rest.end());
    CHECK(joined == rows(whole.file, name));
  }
  const Encoded again = encode(make_config(), corpus, cache, folder.path() / "again", 0, 4);
  CHECK(again.report.sha256 == front.report.sha256);
  CHECK(again.report.quarantined == 1);
}

TEST_CASE("cached features are used, and made anew when they are damaged or made otherwise") {
  log::start("test", log::Level::kError);  // a warning each
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const auto cache = folder.path() / "cache";
  const Encoded first = encode(make_config(), corpus, cache, folder.path() / "first");
  const auto file = cached_file(cache);
  CHECK_THAT(file.parent_path().filename().string(),
             Catch::Matchers::Matches("[0-9a-f]{16}-[0-9a-f]{16}"));
  CHECK(file.filename() == "0-7.safetensors");

  SECTION("a valid file with other values shows in the result") {
    data::FeatureKey key = store::SafetensorsFile::open(file).metadata();
    const std::string note = key.at("note");
    for (const char* own : {"note", "format", "content_sha256"}) key.erase(own);
    data::CachedFeatures features{
        .blocks = {{"image_features", {kSamples, 10, std::vector<float>(kSamples * 10, 0.5F)}},
                   {"text_features", {kSamples, 6, std::vector<float>(kSamples * 6, 0.25F)}}},
        .note = note};
    data::write_features(file, key, features);
    const Encoded second = encode(make_config(), corpus, cache, folder.path() / "second");
    CHECK(rows(second.file, "image_features")[0] == 0.5F);
    CHECK(second.report.sha256 != first.report.sha256);
  }
  SECTION("every flipped byte and truncation leaves the result as it was") {
    const std::string content = read_text_file(file);
    for (const std::size_t at :
         {std::size_t{3}, std::size_t{20}, content.size() / 2, content.size() - 5}) {
      std::string damaged = content;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
      publish_file(file, damaged);
      CHECK(encode(make_config(), corpus, cache, folder.path() / "again").report.sha256 ==
            first.report.sha256);
      CHECK(read_text_file(file) == content);
    }
    for (const std::size_t length : {std::size_t{0}, std::size_t{7}, content.size() - 1}) {
      publish_file(file, content.substr(0, length));
      CHECK(encode(make_config(), corpus, cache, folder.path() / "again").report.sha256 ==
            first.report.sha256);
    }
  }
  SECTION("features of another batch size are not taken") {
    EncodeConfig config = make_config();
    config.encoder.batch_size = 4;
    const Encoded other = encode(config, corpus, cache, folder.path() / "other");
    CHECK(store::SafetensorsFile::open(file).metadata().at("batch_size") == "4");
    check_golden(other.file, "image_features");
  }
}

TEST_CASE("with the towers as source the embeddings are their unit-norm features") {
  const test::TemporaryFolder folder;
  EncodeConfig config = make_config();
  config.encoder.source = config::EncoderSource::kTowers;
  const Encoded encoded =
      encode(config, make_corpus(folder.path()), {}, folder.path() / "towers.safetensors");
  for (const std::string modality : {"image", "text"}) {
    const std::vector<float> features = rows(encoded.file, modality + "_features");
    const std::vector<float> embeddings = rows(encoded.file, modality + "_embeddings");
    REQUIRE(features.size() == embeddings.size());
    const std::size_t dim = features.size() / kSamples;
    for (std::size_t row = 0; row < kSamples; ++row) {
      double square = 0;
      for (std::size_t e = 0; e < dim; ++e) {
        square += std::pow(static_cast<double>(features[row * dim + e]), 2);
      }
      const double norm = square == 0 ? 1 : std::sqrt(square);
      for (std::size_t e = 0; e < dim; ++e) {
        CHECK(embeddings[row * dim + e] ==
              Approx(static_cast<double>(features[row * dim + e]) / norm).margin(1e-7));
      }
    }
  }
}

// A ViT so small that a test can run it.
config::ModelConfig tiny_vit(const std::filesystem::path& folder) {
  const auto file = folder / "tiny.json";
  std::ofstream(file) << R"({"embed_dim": 8,
    "vision_cfg": {"image_size": 16, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8},
    "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1}})";
  config::ModelConfig model;
  model.architecture = file.string();
  model.init_seed = 3;
  return model;
}

TEST_CASE("a model without towers embeds pixels and captions to unit norm, whatever the cuts") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  EncodeConfig config = make_config();
  config.model = tiny_vit(folder.path());
  const auto cache = folder.path() / "cache";
  const Encoded whole = encode(config, corpus, cache, folder.path() / "whole");
  CHECK_FALSE(std::filesystem::exists(cache));  // nothing is frozen
  CHECK(whole.file.tensors().size() == 2);
  CHECK(whole.report.quarantined == 2);
  const Encoded front = encode(config, corpus, cache, folder.path() / "front", 0, 4);
  const Encoded back = encode(config, corpus, cache, folder.path() / "back", 4, 3);
  for (const char* name : {"image_embeddings", "text_embeddings"}) {
    const std::vector<float> values = rows(whole.file, name);
    for (std::size_t row = 0; row < kSamples; ++row) {
      double square = 0;
      for (std::size_t e = 0; e < 8; ++e) {
        square += std::pow(static_cast<double>(values[row * 8 + e]), 2);
      }
      const bool quarantined = row == kBroken || row == kNoCaption;
      CHECK(square == Approx(quarantined ? 0 : 1).margin(1e-5));
    }
    std::vector<float> joined = rows(front.file, name);
    const std::vector<float> rest = rows(back.file, name);
    joined.insert(joined.end(), rest.begin(), rest.end());
    CHECK(joined == values);
  }
}

TEST_CASE("another model encodes, and locked towers still give the features they are tuned on") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  EncodeConfig plain = make_config();
  plain.model = tiny_vit(folder.path());
  const Encoded alone = encode(plain, corpus, {}, folder.path() / "alone");
  const Encoded towers = encode(make_config(), corpus, {}, folder.path() / "towers");

  EncodeConfig config = make_config();
  config.encoder.model = plain.model;
  const Encoded both = encode(config, corpus, {}, folder.path() / "both");
  CHECK(both.file.tensors().size() == 4);
  for (const char* name : {"image_embeddings", "text_embeddings"}) {
    CHECK(rows(both.file, name) == rows(alone.file, name));
  }
  for (const char* name : {"image_features", "text_features"}) {
    CHECK(rows(both.file, name) == rows(towers.file, name));
  }
  CHECK(both.report.quarantined == 2);

  // The other way round there are no towers to be tuned on.
  config.model = plain.model;
  config.encoder.model = test::golden_towers();
  const Encoded other = encode(config, corpus, {}, folder.path() / "other");
  CHECK(other.file.tensors().size() == 2);
  CHECK(rows(other.file, "text_embeddings") == rows(towers.file, "text_embeddings"));
  config.encoder.source = config::EncoderSource::kTowers;
  CHECK(encode(config, corpus, {}, folder.path() / "own").file.tensors().size() == 2);
}

// [rows, width] float32, all values 1 but for the rows that are to be zero.
std::string write_npy(const std::filesystem::path& file, std::uint64_t rows, std::uint64_t width,
                      std::set<std::uint64_t> zeros = {}, float first_value = 1) {
  store::NpyWriter writer(file, store::DType::kF32, {rows, width});
  std::vector<float> values(rows * width, 1);
  for (const std::uint64_t row : zeros) {
    std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(row * width), width, 0.0F);
  }
  values[0] = first_value;
  writer.write_values(std::span<const float>(values));
  writer.publish();
  return file.string();
}

TEST_CASE("ready embeddings take no forward pass, and their zero rows are quarantined") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  EncodeConfig config = make_config();
  config.model = tiny_vit(folder.path());
  config.encoder.source = config::EncoderSource::kNpy;
  config.encoder.image_embeddings =
      write_npy(folder.path() / "images.npy", kSamples, 3, {1, kBroken});
  config.encoder.text_embeddings = write_npy(folder.path() / "texts.npy", kSamples, 5, {6});

  const Encoded ready = encode(config, corpus, {}, folder.path() / "ready");
  CHECK(ready.file.tensors().empty());
  const auto quarantine = data::quarantine_from_json(ready.file.metadata().at("quarantine"));
  std::vector<std::uint64_t> samples;
  for (const auto& entry : quarantine) samples.push_back(entry.sample);
  CHECK(samples == std::vector<std::uint64_t>{1, kBroken, kNoCaption, 6});
  CHECK(quarantine[0].reason == "its row of image embeddings is zero");
  CHECK(quarantine[0].key == "s1");
  CHECK(quarantine[3].reason == "its row of text embeddings is zero");
  // As any encoder would say it.
  EncodeConfig forward = make_config();
  const Encoded encoded = encode(forward, corpus, {}, folder.path() / "encoded");
  const auto named = data::quarantine_from_json(encoded.file.metadata().at("quarantine"));
  CHECK(quarantine[1].reason == named[0].reason);
  CHECK(quarantine[2].reason == named[1].reason);

  // Towers that are tuned give their features all the same.
  config.model = test::golden_towers();
  const Encoded tuned = encode(config, corpus, {}, folder.path() / "tuned");
  CHECK(tuned.file.tensors().size() == 2);
  CHECK(rows(tuned.file, "image_features") == rows(encoded.file, "image_features"));
  CHECK(tuned.report.quarantined == 4);
}

TEST_CASE("ready embeddings that do not fit the corpus are refused") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  EncodeConfig config = make_config();
  config.model = tiny_vit(folder.path());
  config.encoder.source = config::EncoderSource::kNpy;
  const auto refusal = [&] {
    try {
      encode(config, corpus, {}, folder.path() / "none");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  config.encoder.image_embeddings = write_npy(folder.path() / "images.npy", kSamples, 3);
  config.encoder.text_embeddings = write_npy(folder.path() / "texts.npy", kSamples + 1, 3);
  CHECK_THAT(refusal(),
             Contains("texts.npy") && Contains("expected 7 rows") && Contains("found 8"));
  config.encoder.image_embeddings = write_npy(folder.path() / "more.npy", kSamples + 1, 3);
  CHECK_THAT(refusal(), Contains("another corpus") && Contains("expected 7 rows"));
  config.encoder.image_embeddings = write_npy(folder.path() / "images.npy", kSamples, 3);
  config.encoder.text_embeddings = write_npy(folder.path() / "nan.npy", kSamples, 3, {}, NAN);
  CHECK_THAT(refusal(), Contains("not finite") && Contains("nan.npy: row 0"));
  config.encoder.text_embeddings = (folder.path() / "absent.npy").string();
  CHECK_THAT(refusal(), Contains("absent.npy"));
}

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

TEST_CASE("given features in the place of towers give what the towers gave") {
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

TEST_CASE("what cannot be encoded is refused in one line") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const auto session = open_encode_session(make_config(), corpus, {}, "cpu");
  const auto result = folder.path() / "result";
  CHECK_THROWS_WITH(session->encode(5, 3, result, {}, {}), Contains("3 from sample 5"));
  CHECK_THROWS_AS(session->encode(0, 0, result, {}, {}), DataError);
  CHECK_THROWS_AS(session->encode(7, 1, result, {}, {}), DataError);
  CHECK_THROWS_AS(session->encode(~0ULL, 2, result, {}, {}), DataError);
  CHECK_FALSE(std::filesystem::exists(result));

  EncodeConfig config = make_config();
  config.model = tiny_vit(folder.path());
  config.encoder.source = config::EncoderSource::kTowers;
  CHECK_THROWS_WITH(open_encode_session(config, corpus, {}, "cpu"), Contains("encoder.source"));
}

}  // namespace
}  // namespace helip::mining
