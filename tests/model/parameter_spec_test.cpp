#include "model/parameter_spec.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "golden_file.h"

using namespace helip;
using namespace helip::model;

namespace {

ClipArchitecture read(const std::filesystem::path& file) {
  return parse_open_clip_config(test::read_text(file), file.string()).architecture;
}

const ClipArchitecture& tiny() {
  static const ClipArchitecture architecture = read(test::golden("open_clip_model/config.json"));
  return architecture;
}

void check_names(const ClipArchitecture& architecture, const nlohmann::json& golden) {
  const std::vector<ParameterSpec> specs = clip_parameters(architecture);
  REQUIRE(specs.size() == golden.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    CHECK(specs[i].name == golden[i][0].get<std::string>());
    CHECK(specs[i].shape == golden[i][1].get<std::vector<std::int64_t>>());
  }
}

}  // namespace

TEST_CASE("parameters have OpenCLIP's names, shapes and order") {
  const auto golden = test::read_json(test::golden("open_clip_model/parameters.json"));
  check_names(tiny(), golden.at("tiny"));
  const auto large = read(std::filesystem::path(HELIP_SOURCE_DIR) / "configs/models/ViT-B-32.json");
  check_names(large, golden.at("ViT-B-32"));
  CHECK(clip_parameters(large).size() == 302);
}

TEST_CASE("initial values are drawn from OpenCLIP's distributions") {
  const auto golden = test::read_json(test::golden("open_clip_model/parameters.json"));
  std::size_t compared = 0;
  for (const ParameterSpec& spec : clip_parameters(tiny())) {
    if (!golden.at("initial").contains(spec.name)) continue;
    INFO(spec.name);
    const auto& expected = golden.at("initial").at(spec.name);
    double square = 0;
    double fourth = 0;
    double sum = 0;
    const std::vector<float> values = initial_values(spec, 7);
    for (const double value : values) {
      sum += value;
      square += value * value;
      fourth += value * value * value * value;
    }
    const auto count = static_cast<double>(values.size());
    const double deviation = std::sqrt(square / count);
    // Both sides are samples of some thousand values.
    CHECK(deviation == Approx(expected.at("std").get<double>()).epsilon(0.07));
    // 1.8 tells a uniform distribution, 3 a normal one.
    CHECK(fourth / count / std::pow(deviation, 4) ==
          Approx(expected.at("kurtosis").get<double>()).margin(0.4));
    CHECK(std::abs(sum / count) < 5 * deviation / std::sqrt(count));
    ++compared;
  }
  CHECK(compared == golden.at("initial").size());
}

TEST_CASE("biases, norms and the temperature start as OpenCLIP's do") {
  for (const ParameterSpec& spec : clip_parameters(tiny())) {
    INFO(spec.name);
    const std::vector<float> values = initial_values(spec, 1);
    const bool norm = spec.name.find("ln_") != std::string::npos;
    if (norm && spec.name.ends_with("weight")) CHECK(values.front() == 1.0F);
    if (norm && spec.name.ends_with("bias")) CHECK(values.front() == 0.0F);
    if (spec.name.find("attn") != std::string::npos && spec.name.ends_with("bias")) {
      CHECK(values.front() == 0.0F);
    }
    if (spec.name.ends_with("c_fc.bias")) CHECK(values.front() != 0.0F);
    if (spec.name == "logit_scale") {
      REQUIRE(values.size() == 1);
      CHECK(values.front() == Approx(std::log(1 / 0.07)));
    }
  }
}

TEST_CASE("initial values depend on the seed and the name alone") {
  const ParameterSpec a = {"a", {64}, Initial::kNormal, 1.0};
  const ParameterSpec b = {"b", {64}, Initial::kNormal, 1.0};
  const ParameterSpec longer = {"a", {128}, Initial::kNormal, 1.0};
  CHECK(initial_values(a, 5) == initial_values(a, 5));
  CHECK(initial_values(a, 5) != initial_values(a, 6));
  CHECK(initial_values(a, 5) != initial_values(b, 5));
  const std::vector<float> values = initial_values(longer, 5);
  CHECK(std::equal(values.begin(), values.begin() + 64, initial_values(a, 5).begin()));
}
