// Text towers that examples/hf_text_tower made, with their tokenizers, against transformers.
#include <ATen/ops/from_blob.h>

#include <vector>

#include "common/digest.h"
#include "golden_file.h"
#include "model/open_tokenizer.h"
#include "model/script/script_tower.h"

// Last: LibTorch's logging has a CHECK of its own.
#include <catch2/catch.hpp>

using namespace helip;
using namespace helip::model;

TEST_CASE("a text tower exported from transformers gives its features, from the caption on") {
  const auto expected = test::read_json(test::golden("hf_text_tower/expected.json"));
  const auto captions = expected.at("captions").get<std::vector<std::string>>();
  for (const std::string encoder : {"bert", "roberta"}) {
    const auto folder = test::golden("hf_text_tower") / encoder;
    const auto description = test::read_json(folder / "text_tower.json");
    const auto& told = description.at("tokenizer");
    const auto tokenizer =
        open_tokenizer({.kind = find_tokenizer_kind(told.at("kind").get<std::string>()).value(),
                        .file = folder / told.at("file").get<std::string>(),
                        .context_length = told.at("context_length")});
    const auto length = static_cast<std::size_t>(tokenizer->context_length());
    std::vector<std::int64_t> tokens(captions.size() * length);
    for (std::size_t row = 0; row < captions.size(); ++row) {
      tokenizer->encode(captions[row], std::span(tokens).subspan(row * length, length));
    }
    const std::int64_t dim = description.at("feature_dim");
    FrozenTower tower({folder / "text_tower.ts", description.at("sha256")}, dim);
    const auto rows = static_cast<std::int64_t>(captions.size());
    const at::Tensor features_BD =
        tower
            .run(at::from_blob(tokens.data(), {rows, static_cast<std::int64_t>(length)}, at::kLong),
                 at::kCPU)
            .contiguous();
    const float* found = features_BD.const_data_ptr<float>();
    for (const auto& row : expected.at(encoder)) {
      for (const double value : row) {
        CAPTURE(encoder, row.dump());
        CHECK(*found++ == Approx(value).margin(1e-5));
      }
    }
  }
}
