#include "model/files/parameter_spec.h"

#include <cmath>

#include "common/rng.h"
#include "model/files/spec_list.h"

namespace helip::model {
namespace {

void add_head(SpecList& list, const std::string& name,
              const TwoTowerConfig::TowerDescription& tower, std::int64_t embed_dim) {
  switch (tower.head.kind) {
    case HeadKind::kMlp:
      list.linear(name + ".0", tower.head.hidden, tower.feature_dim);
      list.linear(name + ".3", embed_dim, tower.head.hidden);
      break;
    case HeadKind::kLinear:
      list.linear(name, embed_dim, tower.feature_dim);
      break;
    case HeadKind::kNone:
      break;
  }
}

// The positions of MAE and MoCo v3 (arXiv 2111.06377, 2104.02057): a quarter of the channels each
// for the sines and cosines of the column, then of the row, at wavelengths of 2 pi to 20000 pi.
// In double, as they are made there; the class token's row stays zero.
std::vector<float> sin_cos_positions(const std::vector<std::int64_t>& shape) {
  const auto width = static_cast<std::size_t>(shape[1]);
  const auto rows = static_cast<std::size_t>(shape[0]);
  const auto grid = static_cast<std::size_t>(std::lround(std::sqrt(rows - 1)));
  const std::size_t quarter = width / 4;
  std::vector<float> values(rows * width, 0.0F);
  for (std::size_t cell = 0; cell + 1 < rows; ++cell) {
    float* row = values.data() + (cell + 1) * width;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const auto place = static_cast<double>(axis == 0 ? cell % grid : cell / grid);
      for (std::size_t i = 0; i < quarter; ++i) {
        const double angle =
            place / std::pow(10000.0, static_cast<double>(i) / static_cast<double>(quarter));
        row[2 * axis * quarter + i] = static_cast<float>(std::sin(angle));
        row[(2 * axis + 1) * quarter + i] = static_cast<float>(std::cos(angle));
      }
    }
  }
  return values;
}

}  // namespace

std::int64_t ParameterSpec::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

std::vector<ParameterSpec> head_parameters(const TwoTowerConfig& config) {
  SpecList list;
  list.enter(Modality::kImage, 0);
  add_head(list, "image_head", config.image, config.embed_dim);
  list.enter(Modality::kText, 0);
  add_head(list, "text_head", config.text, config.embed_dim);
  list.leave();
  list.constant("logit_scale", {}, ClipArchitecture{}.init_logit_scale);
  return list.take();
}

std::vector<float> initial_values(const ParameterSpec& spec, std::uint64_t seed) {
  if (spec.initial == Initial::kSinCos2d) return sin_cos_positions(spec.shape);
  std::vector<float> values(static_cast<std::size_t>(spec.elements()));
  RandomStream stream(seed, "model/initial/" + spec.name, {});
  for (float& value : values) {
    switch (spec.initial) {
      case Initial::kConstant:
      case Initial::kSinCos2d:  // made above
        value = static_cast<float>(spec.value);
        break;
      case Initial::kNormal:
        value = static_cast<float>(spec.value * stream.normal());
        break;
      case Initial::kUniform:
        value = static_cast<float>(spec.value * (2.0 * stream.uniform() - 1.0));
        break;
    }
  }
  return values;
}

}  // namespace helip::model
