#include "model/files/parameter_spec.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "common/digest.h"
#include "common/json.h"
#include "common/text.h"
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

void check_names(const ClipArchitecture& architecture, const Json& golden) {
  const std::vector<ParameterSpec> specs = clip_parameters(architecture);
  REQUIRE(specs.size() == golden.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    CHECK(specs[i].name == golden[i][0].get<std::string>());
    CHECK(specs[i].shape == golden[i][1].get<std::vector<std::int64_t>>());
  }
}

void check_distribution(const ParameterSpec& spec, const Json& expected, double epsilon,
                        double margin) {
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
  CHECK(deviation == Approx(expected.at("std").get<double>()).epsilon(epsilon));
  // 1.8 tells a uniform distribution, 3 a normal one.
  CHECK(fourth / count / std::pow(deviation, 4) ==
        Approx(expected.at("kurtosis").get<double>()).margin(margin));
  CHECK(std::abs(sum / count) < 5 * deviation / std::sqrt(count));
}

// As the golden scripts write it: "name [2, 3]".
std::string line_of(const ParameterSpec& spec) {
  std::string shape;
  for (const std::int64_t extent : spec.shape) shape += cat(shape.empty() ? "" : ", ", extent);
  return spec.name + " [" + shape + "]\n";
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
    // Both sides are samples of some thousand values.
    check_distribution(spec, golden.at("initial").at(spec.name), 0.07, 0.4);
    ++compared;
  }
  CHECK(compared == golden.at("initial").size());
}

TEST_CASE("what the weights of OpenCLIP's named models hold equals its state_dict") {
  const auto golden = test::read_json(test::golden("open_clip_configs/configs.json"));
  std::size_t compared = 0;
  for (const auto& [name, entry] : golden.items()) {
    if (!entry.contains("state")) continue;
    INFO(name);
    const auto config = parse_open_clip_config(entry.at("config").dump(), name);
    std::string lines;
    for (const ParameterSpec& spec : clip_parameters(config.architecture)) lines += line_of(spec);
    CHECK(sha256_hex(lines) == entry.at("state").get<std::string>());
    ++compared;
  }
  CHECK(compared == 42);
}

TEST_CASE("what the weights of SLIP's published models hold equals its state_dict") {
  const auto golden = test::read_json(test::golden("slip/names.json"));
  CHECK(golden.size() == 6);
  for (const auto& [name, digest] : golden.items()) {
    INFO(name);
    const auto file = std::filesystem::path(HELIP_SOURCE_DIR) / "configs/models" / (name + ".json");
    const auto config = parse_slip_description(test::read_text(file), file.string());
    std::vector<std::string> lines;
    for (const ParameterSpec& spec : slip_parameters(config.architecture)) {
      lines.push_back(line_of(spec));
    }
    std::sort(lines.begin(), lines.end());
    CHECK(sha256_hex(std::accumulate(lines.begin(), lines.end(), std::string())) ==
          digest.get<std::string>());
  }
}

TEST_CASE(
    "a ModifiedResNet starts as OpenCLIP's: last gains at zero, statistics of a unit normal") {
  const ClipArchitecture resnet = read(test::golden("architectures/tiny_resnet.json"));
  for (const ParameterSpec& spec : clip_parameters(resnet)) {
    INFO(spec.name);
    const bool layer = spec.name.starts_with("visual.layer");
    if (layer && spec.name.ends_with("bn3.weight")) CHECK(spec.value == 0);
    if (spec.name == "visual.bn3.weight" || spec.name.ends_with("running_var")) {
      CHECK(spec.value == 1);
    }
    CHECK((spec.role == TensorRole::kCount) == spec.name.ends_with("num_batches_tracked"));
    CHECK((spec.role == TensorRole::kFixed) == (spec.name.find("running_") != std::string::npos));
    if (spec.name == "visual.layer1.0.conv2.weight") {
      CHECK(spec.initial == Initial::kUniform);
      CHECK(spec.value == Approx(1 / std::sqrt(8.0 * 9)));
    }
    if (spec.name == "visual.attnpool.c_proj.weight") {
      CHECK(spec.initial == Initial::kNormal);
      CHECK(spec.value == Approx(1 / std::sqrt(256.0)));
    }
  }
}

TEST_CASE("SLIP's vision transformer starts as timm's") {
  SlipArchitecture small;
  small.vision.width = 384;
  small.vision.layers = 1;
  small.text.layers = 1;
  const auto golden = test::read_json(test::golden("slip/initial.json"));
  std::size_t compared = 0;
  for (const ParameterSpec& spec : slip_parameters(small)) {
    if (!golden.contains(spec.name)) continue;
    INFO(spec.name);
    check_distribution(spec, golden.at(spec.name), 0.12, 0.7);
    ++compared;
  }
  CHECK(compared == golden.size());
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
