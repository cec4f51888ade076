#include "train/step/trained_parameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "common/error.h"
#include "common/text.h"

namespace helip::train {
namespace {

enum class Tower { kNone, kImage, kText };

bool starts_with_any(std::string_view name, std::initializer_list<const char*> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const char* prefix) { return name.starts_with(prefix); });
}

Tower tower_of(std::string_view name) {
  // The self-supervised head belongs to a loss, not to the tower.
  if (name == "logit_scale" || name.starts_with("image_mlp.")) return Tower::kNone;
  return starts_with_any(name, {"visual.", "image_"}) ? Tower::kImage : Tower::kText;
}

// N of "….resblocks.N.…" and "visual.blocks.N.…".
std::optional<std::size_t> block_of(std::string_view name) {
  for (const std::string_view mark : {"resblocks.", "visual.blocks."}) {
    const std::size_t at = name.find(mark);
    if (at == std::string_view::npos) continue;
    std::size_t block = 0;
    const char* digits = name.data() + at + mark.size();
    const auto [end, problem] = std::from_chars(digits, name.data() + name.size(), block);
    if (problem == std::errc() && *end == '.') return block;
  }
  return std::nullopt;
}

// Layer groups of one tower of a transformer model; blocks == 0: it has none that we know.
struct Groups {
  std::size_t blocks = 0;

  [[nodiscard]] std::size_t count() const { return blocks + 2; }
  [[nodiscard]] std::size_t of(std::string_view name) const {
    if (const auto block = block_of(name)) return *block + 1;
    if (starts_with_any(name, {"visual.ln_post.", "visual.norm.", "ln_final."})) return blocks;
    if (starts_with_any(name, {"visual.proj", "image_projection", "text_projection"})) {
      return blocks + 1;
    }
    return 0;
  }
};

Groups groups_of(const model::NamedTensors& parameters, Tower tower) {
  Groups groups;
  for (const auto& [name, tensor] : parameters) {
    if (tower_of(name) != tower) continue;
    if (const auto block = block_of(name)) groups.blocks = std::max(groups.blocks, *block + 1);
  }
  return groups;
}

[[noreturn]] void refuse(const char* key, const std::string& expected, const std::string& found) {
  throw ConfigError({.what = "the model cannot be trained so",
                     .where = key,
                     .expected = expected,
                     .found = found});
}

// Groups of a tower that a key speaks of.
void need_groups(const Groups& groups, const char* key) {
  if (groups.blocks > 0) return;
  refuse(key, "a tower of numbered transformer blocks", "a model without");
}

}  // namespace

TrainedParameters trained_parameters(model::Model& model, const config::TrainConfig& config) {
  const model::NamedTensors all = model.parameters();
  struct Side {
    Tower tower;
    bool lock;
    std::uint32_t unlocked;
    const char* lock_key;
    const char* groups_key;
    Groups groups = {};
  };
  std::array<Side, 2> sides = {
      Side{Tower::kImage, config.lock_image, config.lock_image_unlocked_groups, "train.lock_image",
           "train.lock_image_unlocked_groups"},
      Side{Tower::kText, config.lock_text, config.lock_text_unlocked_layers, "train.lock_text",
           "train.lock_text_unlocked_layers"}};
  for (Side& side : sides) {
    if (side.lock && model.towers() != nullptr) {
      refuse(side.lock_key, "a model with towers that train", "locked towers, whose heads train");
    }
    side.groups = groups_of(all, side.tower);
    if (side.lock && side.unlocked > 0) need_groups(side.groups, side.groups_key);
    if (config.layer_decay < 1) need_groups(side.groups, "train.layer_decay");
  }
  TrainedParameters result;
  result.image_locked = config.lock_image && config.lock_image_unlocked_groups == 0;
  result.text_locked = config.lock_text && config.lock_text_unlocked_layers == 0;
  bool any_weights = false;
  for (const auto& [name, tensor] : all) {
    double factor = 1;
    const Tower tower = tower_of(name);
    for (const Side& side : sides) {
      if (side.tower != tower) continue;
      const std::size_t behind = side.groups.count() - 1 - side.groups.of(name);
      if (side.lock && behind >= side.unlocked) {
        tensor.set_requires_grad(false);
        continue;
      }
      any_weights = true;
      if (config.layer_decay < 1) factor = std::pow(config.layer_decay, behind);
    }
    if (!tensor.requires_grad()) continue;
    result.tensors.emplace_back(name, tensor);
    result.lr_factors.push_back(factor);
  }
  if (!any_weights) {
    refuse("train.lock_image, train.lock_text", "a tower, or layers of one, that train",
           "both towers locked");
  }
  return result;
}

void add_ssl_head(model::Model& model, TrainedParameters& trained) {
  for (const auto& entry : model.self_supervision()->ssl_parameters()) {
    trained.tensors.push_back(entry);
    trained.lr_factors.push_back(1);
  }
}

}  // namespace helip::train
