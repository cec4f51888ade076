#include "model/files/slip_architecture.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/json.h"
#include "golden_file.h"
#include "support/json_edit.h"

using namespace helip;
using namespace helip::model;

namespace {

Json golden() { return test::read_json(test::golden("slip/model.json")); }

SlipDescription parse(const Json& config) {
  return parse_slip_description(config.dump(), "m.json");
}

std::string changed(const std::string& pointer, const Json& value) {
  Json config = golden();
  config = test::with_value(config, pointer, value);
  return test::message_of<ConfigError>([&] { parse(config); });
}

}  // namespace

TEST_CASE("a SLIP model's description is read with SLIP's preprocessing") {
  const SlipDescription config = parse(golden());
  CHECK(config.architecture.vision.heads() == 12);
  CHECK(config.architecture.vision.head_width == 32);
  CHECK(config.architecture.text.vocab_size == 1000);
  REQUIRE(config.architecture.ssl_head);
  CHECK(config.architecture.ssl_head->hidden == 96);
  CHECK(config.preprocess.size == 224);
  CHECK(config.preprocess.interpolation == data::Interpolation::kBilinear);
  CHECK(config.preprocess.std[2] == 0.225F);
}

TEST_CASE("a SLIP model's description is written and read back to equal values") {
  Json other = golden();
  other = test::without_key(other, "ssl_head");
  other["preprocess"] = {{"size", 224}, {"mean", {0.5, 0.5, 0.5}}, {"interpolation", "bicubic"}};
  for (const Json& description : {golden(), other}) {
    const SlipDescription config = parse(description);
    const SlipDescription again = parse_slip_description(to_slip_json(config), "again");
    CHECK(again.architecture == config.architecture);
    CHECK(first_difference(again, config).key.empty());
  }
  CHECK(first_difference(parse(golden()), parse(other)).key == "/preprocess/interpolation");
}

TEST_CASE("a malformed description of a SLIP model is refused by key") {
  const auto holds = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(holds(changed("/format", "helip_model/2"), "format"));
  CHECK(holds(changed("/kind", "locked_towers"), "slip"));
  CHECK(holds(changed("/embed_dims", 3), "unknown key"));
  CHECK(holds(changed("/image_tower/heads", 5), "multiple of heads 5"));
  CHECK(holds(changed("/image_tower/image_size", 100), "image_size"));
  CHECK(holds(changed("/image_tower/layers", 100000), "at most 1000"));
  CHECK(holds(changed("/text_tower/width", nullptr), "text_tower.width"));
  CHECK(holds(changed("/text_tower/heads", 7), "multiple of heads 7"));
  CHECK(holds(changed("/ssl_head/depth", 3), "ssl_head.depth"));
  CHECK(holds(changed("/preprocess", {{"size", 128}}), "preprocess.size"));
}
