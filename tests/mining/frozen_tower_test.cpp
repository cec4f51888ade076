// Encoding with a pair of towers of which one is frozen and one is trained from raw inputs.
#include <algorithm>

#include "common/publish.h"
#include "data/corpus/feature_cache.h"
#include "data/corpus/quarantine.h"
#include "encode_support.h"
#include "mining/encode/caption_encoder.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"

namespace helip::mining {
namespace {

namespace fs = std::filesystem;

// The golden locked towers, with what of each is trained.
config::ModelConfig towers(const fs::path& folder, const std::string& image,
                           const std::string& text) {
  fs::copy(test::golden_folder() / "locked_towers", folder);
  Json json = Json::parse(read_text_file(folder / "helip_model.json"));
  const bool trains = image != "none" || text != "none";
  if (trains) {
    json["kind"] = "towers";
    json["image_tower"]["train"] = image;
    json["text_tower"]["train"] = text;
  }
  publish_file(folder / "helip_model.json", json.dump());
  config::ModelConfig model = test::golden_towers();
  model.architecture = folder.string();
  model.init = model.architecture;
  return model;
}

std::set<std::string> names(const store::SafetensorsFile& file) {
  std::set<std::string> found;
  for (const auto& [name, tensor] : file.tensors()) found.insert(name);
  return found;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return largest;
}

// The row of the broken image may differ: it is never used.
void check_text_features(const store::SafetensorsFile& a, const store::SafetensorsFile& b) {
  std::vector<float> first = rows(a, "text_features");
  std::vector<float> second = rows(b, "text_features");
  for (auto* values : {&first, &second}) {
    std::fill_n(values->begin() + static_cast<std::ptrdiff_t>(kBroken * 6), 6, 0.0F);
  }
  CHECK(first == second);
}

// A number for each token, so that a row tells its caption.
class Letters final : public data::Tokenizer {
 public:
  [[nodiscard]] int context_length() const override { return 2; }
  [[nodiscard]] std::int64_t vocabulary_size() const override { return 256; }
  void encode(std::string_view text, std::span<std::int64_t> out) const override {
    out[0] = text.at(0);
    out[1] = static_cast<std::int64_t>(text.size());
  }
};

TEST_CASE("each distinct caption passes through the tower once, in batches of one size") {
  const Letters letters;
  std::vector<std::vector<std::int64_t>> passes;
  const auto forward = [&](std::vector<std::int64_t>& tokens) {
    passes.push_back(tokens);
    data::FeatureBlock rows{tokens.size() / 2, 1, {}};
    for (std::size_t i = 0; i < tokens.size(); i += 2) {
      rows.values.push_back(static_cast<float>(1000 * tokens[i + 1] + tokens[i]));
    }
    return rows;
  };
  CaptionEncoder encoder(letters, 2, Repeats::kTakeFirst, forward);
  const std::vector<std::string> first = {"aa", "b", "aa", "", "b"};
  const std::vector<std::string> second = {"b", "c", "aa", "dd", "a"};
  encoder.add(first);
  encoder.add(second);
  const data::FeatureBlock block = encoder.finish();
  CHECK(block.values ==
        std::vector<float>{2097, 1098, 2097, 0, 1098, 1098, 1099, 2097, 2100, 1097});
  CHECK(passes ==
        std::vector<std::vector<std::int64_t>>{{'a', 2, 'b', 1}, {'c', 1, 'd', 2}, {'a', 1, 0, 0}});

  passes.clear();
  CaptionEncoder each(letters, 2, Repeats::kEncodeAgain, forward);
  each.add(first);
  CHECK(each.finish().values == std::vector<float>{2097, 1098, 2097, 0, 1098});
  CHECK(passes ==
        std::vector<std::vector<std::int64_t>>{{'a', 2, 'b', 1}, {'a', 2, 0, 0}, {'b', 1, 0, 0}});

  // The width is known also where there is no caption.
  CaptionEncoder none(letters, 2, Repeats::kTakeFirst, forward);
  none.add(std::vector<std::string>{"", ""});
  CHECK(none.finish().values == std::vector<float>{0, 0});
}

TEST_CASE(
    "rows of repeated captions are one row, that of the caption alone but for its last bits") {
  const test::TemporaryFolder folder;
  constexpr std::uint64_t kPairs = 24;
  const Json captions = test::expected_of_pictures().at("captions");
  fs::create_directories(folder.path() / "shards");
  data::TarWriter tar(folder.path() / "shards/0.tar");
  const auto caption_of = [&](std::uint64_t i) { return (i / 4) % captions.size(); };
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    test::add_member(tar, cat("s", i + 10, ".png"), test::picture(cat(i % 5, ".png")));
    // Neighbours share a caption, and the first one comes again at the end.
    test::add_member(tar, cat("s", i + 10, ".txt"), captions.at(caption_of(i)).get<std::string>());
  }
  tar.publish();
  const auto corpus =
      data::open_or_index({.path = (folder.path() / "shards").string()}, folder.path() / "corpus");
  EncodeConfig config = make_config();
  config.encoder.batch_size = 5;
  const Encoded whole = encode(config, corpus, {}, folder.path() / "whole", 0, kPairs);
  for (const char* name : {"text_features", "text_embeddings"}) {
    const std::vector<float> all = rows(whole.file, name);
    const std::size_t dim = all.size() / kPairs;
    const auto row = [&](std::uint64_t i) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * dim);
      return std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(dim));
    };
    for (std::uint64_t i = 0; i < kPairs; ++i) {
      INFO(name << " " << i);
      if (name == std::string("text_features")) CHECK(row(i) == row(4 * caption_of(i)));
      const Encoded one = encode(config, corpus, {}, folder.path() / "one", i, 1);
      CHECK(largest_difference(row(i), rows(one.file, name)) < 1e-6);
    }
  }
}

TEST_CASE("of a mixed pair the frozen tower's features are kept and the other's are not") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const Encoded locked = encode(make_config(), corpus, {}, folder.path() / "locked");
  for (const auto& [image, text] : {std::pair("all", "none"), {"none", "all"}}) {
    const std::string frozen = text == std::string("none") ? "text" : "image";
    const std::string trained = frozen == "text" ? "image" : "text";
    EncodeConfig config = make_config();
    config.model = towers(folder.path() / frozen, image, text);
    const Encoded mixed = encode(config, corpus, {}, folder.path() / "mixed");
    CHECK(names(mixed.file) ==
          std::set<std::string>{frozen + "_features", "image_embeddings", "text_embeddings"});
    CHECK(mixed.report.quarantined == 2);
    const std::string features = frozen + "_features";
    CHECK(rows(mixed.file, features) == rows(locked.file, features));
    const std::string embeddings = frozen + "_embeddings";
    CHECK(rows(mixed.file, embeddings) == rows(locked.file, embeddings));
    // The trained tower is no frozen graph: the last bits may differ.
    CHECK(largest_difference(rows(mixed.file, trained + "_embeddings"),
                             rows(locked.file, trained + "_embeddings")) < 1e-6);

    const auto cut = encode(config, corpus, {}, folder.path() / "cut", 4, 3);
    const std::vector<float> whole = rows(mixed.file, "image_embeddings");
    CHECK(rows(cut.file, "image_embeddings") ==
          std::vector<float>(whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 7 * 4),
                             whole.end()));

    config.encoder.source = config::EncoderSource::kTowers;
    CHECK_THROWS_WITH(encode(config, corpus, {}, folder.path() / "refused"),
                      Catch::Contains("does not have two frozen towers"));
  }
}

TEST_CASE("models that share a frozen tower share its cached features") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  const fs::path cache = folder.path() / "cache";
  EncodeConfig config = make_config();
  config.model = towers(folder.path() / "mixed", "all", "none");
  encode(config, corpus, cache, folder.path() / "first");
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(cache)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  REQUIRE(files.size() == 1);
  data::FeatureKey key = store::SafetensorsFile::open(files[0]).metadata();
  const std::string note = key.at("note");
  CHECK(data::quarantine_from_json(note).size() == 1);  // the empty caption, not the broken image
  for (const char* own : {"note", "format", "content_sha256"}) key.erase(own);
  data::write_features(
      files[0], key,
      {.blocks = {{"features", {kSamples, 6, std::vector<float>(kSamples * 6, 0.5F)}}},
       .note = note});
  for (const bool locked : {true, false}) {
    if (locked) config.model = test::golden_towers();
    if (!locked) config.model = towers(folder.path() / "other", "all", "none");
    const Encoded again = encode(config, corpus, cache, folder.path() / "again");
    const std::vector<float> features = rows(again.file, "text_features");
    for (std::uint64_t row = 0; row < kSamples; ++row) {
      const bool quarantined = row == kBroken || row == kNoCaption;
      CHECK(features[row * 6] == (quarantined ? 0.0F : 0.5F));
    }
    CHECK(again.report.quarantined == 2);
  }
}

TEST_CASE("where others embed, a mixed pair gives its features alone, and every image is tried") {
  const test::TemporaryFolder folder;
  const auto corpus = make_corpus(folder.path());
  EncodeConfig config = make_config();
  config.model = towers(folder.path() / "mixed", "all", "none");
  const Encoded own = encode(config, corpus, {}, folder.path() / "own");
  config.encoder.model = tiny_vit(folder.path());
  const Encoded both = encode(config, corpus, {}, folder.path() / "both");
  CHECK(names(both.file) ==
        std::set<std::string>{"text_features", "image_embeddings", "text_embeddings"});
  check_text_features(both.file, own.file);
  CHECK(rows(both.file, "image_embeddings") != rows(own.file, "image_embeddings"));
  CHECK(both.report.quarantined == 2);

  // Ready embeddings look at no image either.
  fs::create_directories(folder.path() / "ready");
  for (const char* name : {"image", "text"}) {
    store::NpyWriter writer(folder.path() / "ready" / cat(name, ".npy"), store::DType::kF32,
                            {kSamples, 2});
    writer.write_values(std::span<const float>(std::vector<float>(kSamples * 2, 1.0F)));
    writer.publish();
  }
  config.encoder.model.reset();
  config.encoder.source = config::EncoderSource::kNpy;
  config.encoder.image_embeddings = (folder.path() / "ready/image.npy").string();
  config.encoder.text_embeddings = (folder.path() / "ready/text.npy").string();
  const Encoded ready = encode(config, corpus, {}, folder.path() / "npy");
  CHECK(names(ready.file) == std::set<std::string>{"text_features"});
  check_text_features(ready.file, own.file);
  const auto quarantine = data::quarantine_from_json(ready.file.metadata().at("quarantine"));
  REQUIRE(quarantine.size() == 2);
  CHECK(quarantine[0].sample == kBroken);
}

}  // namespace
}  // namespace helip::mining
