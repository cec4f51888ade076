// A hard-pair table's place in a training. Torch-free.
#pragma once

#include <cstdint>
#include <string>

namespace helip::train {

struct TableTurn {
  std::uint32_t version = 1;      // its folder's name
  std::uint64_t requested = 0;    // the step whose weights mined it
  std::uint64_t first_step = 0;   // it is drawn from since then, where an epoch begins
  std::uint64_t first_epoch = 0;  // that epoch
  std::string digest;             // sha256 over the digests of its arrays; empty: no table

  bool operator==(const TableTurn&) const = default;
};

}  // namespace helip::train
