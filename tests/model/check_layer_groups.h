// What Model::layer_groups() and Model::decays() promise, checked against the parameters' names.
#pragma once

#include <cstddef>
#include <map>
#include <regex>
#include <string>

#include "model/model.h"

// Last: LibTorch's logging has a CHECK of its own.
#include <catch2/catch.hpp>

namespace helip::test {

// Each parameter but logit_scale is in one group; block N of a tower in group N + 1, its final norm
// in the last block's, a projection in the last.
inline void check_layer_groups(model::Model& model, std::size_t image_groups,
                               std::size_t text_groups) {
  const model::LayerGroups groups = model.layer_groups();
  CHECK(groups.image.size() == image_groups);
  CHECK(groups.text.size() == text_groups);
  std::map<std::string, int> seen;
  for (const auto* tower : {&groups.image, &groups.text}) {
    for (std::size_t i = 0; i < tower->size(); ++i) {
      for (const auto& [name, tensor] : tower->at(i)) {
        INFO(name << " in group " << i << " of " << tower->size());
        CHECK(tensor.requires_grad());
        ++seen[name];
        const bool image = std::regex_search(name, std::regex("^(visual\\.|image_)"));
        CHECK(image == (tower == &groups.image));
        if (tower->size() == 1) continue;
        std::smatch block;
        std::size_t expected = 0;
        if (std::regex_search(name, block, std::regex("blocks\\.(\\d+)\\."))) {
          expected = std::stoul(block[1]) + 1;
        } else if (std::regex_search(name,
                                     std::regex("^(visual\\.ln_post|visual\\.norm|ln_final)\\."))) {
          expected = tower->size() - 2;
        } else if (std::regex_search(
                       name, std::regex("^(visual\\.proj|image_projection|text_projection)"))) {
          expected = tower->size() - 1;
        }
        CHECK(i == expected);
      }
    }
  }
  for (const auto& [name, tensor] : model.parameters()) {
    INFO(name);
    CHECK(seen[name] == (name == "logit_scale" ? 0 : 1));
    CHECK(model.decays(name, tensor) == (tensor.dim() >= 2));
  }
}

}  // namespace helip::test
