#include "train/step/trained_parameters.h"

#include <array>
#include <cmath>
#include <map>

#include "common/error.h"

namespace helip::train {
namespace {

using Groups = std::vector<model::NamedTensors>;

// What the configuration says of one tower.
struct TowerRule {
  const Groups& groups;
  model::InputKind input;
  bool lock;
  std::uint32_t unlocked;
  const char* lock_key;
  const char* unlocked_key;
};

[[noreturn]] void refuse(const char* key, const std::string& expected, const std::string& found) {
  throw ConfigError({.what = "the model cannot be trained so",
                     .where = key,
                     .expected = expected,
                     .found = found});
}

// Throws if `key` speaks of layers that the tower does not have.
void need_layers(const Groups& groups, const char* key) {
  if (groups.size() > 1) return;
  refuse(key, "a tower of numbered transformer blocks", "a model without");
}

void check(const TowerRule& rule, double layer_decay) {
  if (rule.lock && rule.input == model::InputKind::kFeatures) {
    refuse(rule.lock_key, "a tower that trains", "a frozen one");
  }
  if (rule.lock && rule.unlocked > 0) need_layers(rule.groups, rule.unlocked_key);
  if (layer_decay < 1) need_layers(rule.groups, "train.layer_decay");
}

// Locks what the rule says, and notes the learning rate factors of the rest by name.
void apply(const TowerRule& rule, double layer_decay, std::map<std::string, double>& factors) {
  for (std::size_t i = 0; i < rule.groups.size(); ++i) {
    const std::size_t behind = rule.groups.size() - 1 - i;
    const double factor = layer_decay < 1 ? std::pow(layer_decay, behind) : 1;
    for (const auto& [name, tensor] : rule.groups[i]) {
      if (rule.lock && behind >= rule.unlocked) {
        tensor.set_requires_grad(false);
      } else {
        factors[name] = factor;
      }
    }
  }
}

// Precondition: no tower has parameters that train, and at least one is locked.
[[noreturn]] void refuse_all_locked(const std::array<TowerRule, 2>& rules) {
  const auto& [image, text] = rules;
  const char* expected = "a tower, or layers of one, that train";
  if (image.lock && text.lock) {
    refuse("train.lock_image, train.lock_text", expected, "both towers locked");
  }
  if (image.lock) {
    refuse(image.lock_key, expected, "the image tower locked, a text tower without parameters");
  }
  refuse(text.lock_key, expected, "the text tower locked, an image tower without parameters");
}

void add(const model::Model& model, const std::string& name, const at::Tensor& tensor,
         double lr_factor, TrainedParameters& trained) {
  trained.tensors.emplace_back(name, tensor);
  trained.lr_factors.push_back(lr_factor);
  trained.decays.push_back(model.decays(name, tensor));
}

}  // namespace

TrainedParameters trained_parameters(model::Model& model, const config::TrainConfig& config) {
  const model::LayerGroups groups = model.layer_groups();
  const model::InputKinds inputs = model.input_kinds();
  const std::array<TowerRule, 2> rules = {
      TowerRule{groups.image, inputs.image, config.lock_image, config.lock_image_unlocked_groups,
                "train.lock_image", "train.lock_image_unlocked_groups"},
      TowerRule{groups.text, inputs.text, config.lock_text, config.lock_text_unlocked_layers,
                "train.lock_text", "train.lock_text_unlocked_layers"}};
  for (const TowerRule& rule : rules) check(rule, config.layer_decay);
  std::map<std::string, double> factors;
  for (const TowerRule& rule : rules) apply(rule, config.layer_decay, factors);
  if (factors.empty() && (config.lock_image || config.lock_text)) {
    refuse_all_locked(rules);
  }
  TrainedParameters result;
  result.image_locked = config.lock_image && config.lock_image_unlocked_groups == 0;
  result.text_locked = config.lock_text && config.lock_text_unlocked_layers == 0;
  for (const auto& [name, tensor] : model.parameters()) {
    if (!tensor.requires_grad()) continue;
    const auto factor = factors.find(name);
    add(model, name, tensor, factor == factors.end() ? 1 : factor->second, result);
  }
  return result;
}

void add_ssl_head(model::Model& model, TrainedParameters& trained) {
  for (const auto& [name, tensor] : model.self_supervision()->ssl_parameters()) {
    add(model, name, tensor, 1, trained);
  }
}

}  // namespace helip::train
