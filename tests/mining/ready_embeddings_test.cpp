// Embeddings that were made elsewhere (encoder.source: npy).
#include <cmath>

#include "common/error.h"
#include "data/corpus/quarantine.h"
#include "encode_support.h"
#include "support/temporary_folder.h"

namespace helip::mining {
namespace {

using Catch::Matchers::Contains;

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

}  // namespace
}  // namespace helip::mining
