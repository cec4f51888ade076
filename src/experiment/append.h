// Lists made of lists.
#pragma once

#include <utility>
#include <vector>

namespace helip::experiment {

// Moves the items of `from` behind those of `to`.
template <typename Item>
void append(std::vector<Item> from, std::vector<Item>& to) {
  for (Item& item : from) to.push_back(std::move(item));
}

}  // namespace helip::experiment
