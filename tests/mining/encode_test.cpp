// The encode stage over a small corpus, against what Pillow and torch give (tests/golden/encode).
#include <cmath>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "data/corpus/feature_cache.h"
#include "data/corpus/quarantine.h"
#include "encode_support.h"
#include "support/temporary_folder.h"

namespace helip::mining {
namespace {

using Catch::Matchers::Contains;

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

// The file below the cache with the features of a tower, by their width.
std::filesystem::path cached_file(const std::filesystem::path& cache, std::uint64_t dim) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(cache)) {
    if (!entry.is_regular_file()) continue;
    const auto file = store::SafetensorsFile::open(entry.path());
    if (file.tensor("features", "F32").shape[1] == dim) return entry.path();
  }
  FAIL("no such file in the cache");
  return {};
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
  const auto file = cached_file(cache, 10);
  CHECK(cached_file(cache, 6).parent_path() != file.parent_path());
  CHECK_THAT(file.parent_path().filename().string(),
             Catch::Matchers::Matches("[0-9a-f]{16}-[0-9a-f]{16}"));
  CHECK(file.filename() == "0-7.safetensors");

  SECTION("a valid file with other values shows in the result") {
    data::FeatureKey key = store::SafetensorsFile::open(file).metadata();
    const std::string note = key.at("note");
    for (const char* own : {"note", "format", "content_sha256"}) key.erase(own);
    data::CachedFeatures features{
        .blocks = {{"features", {kSamples, 10, std::vector<float>(kSamples * 10, 0.5F)}}},
        .note = note};
    data::write_features(file, key, features);
    const Encoded second = encode(make_config(), corpus, cache, folder.path() / "second");
    CHECK(rows(second.file, "image_features")[0] == 0.5F);
    CHECK(rows(second.file, "text_features") == rows(first.file, "text_features"));
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

TEST_CASE("where nobody mines nothing is embedded, and the same samples are unusable") {
  config::RunConfig job;
  CHECK(encode_config(job).embeds);
  job.train.hard_pairs = config::HardPairs::kNone;
  CHECK_FALSE(encode_config(job).embeds);
  job.encoder.model = config::ModelConfig{};  // another model may fail on more samples
  CHECK(encode_config(job).embeds);
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const auto quarantine = [](const Encoded& one) { return one.file.metadata().at("quarantine"); };
  for (const bool towers : {false, true}) {
    CAPTURE(towers);
    EncodeConfig config = make_config();
    if (!towers) config.model = tiny_vit(folder.path());
    const Encoded mined = encode(config, corpus, {}, folder.path() / "mined");
    config.embeds = false;
    const auto cache = folder.path() / (towers ? "towers-cache" : "vit-cache");
    for (int again = 0; again < 2; ++again) {
      const Encoded plain = encode(config, corpus, cache, folder.path() / "plain");
      CHECK(plain.file.tensors().size() == (towers ? 2 : 0));
      CHECK(quarantine(plain) == quarantine(mined));
      CHECK(plain.report.quarantined == 2);
      if (towers) CHECK(rows(plain.file, "image_features") == rows(mined.file, "image_features"));
    }
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
