#include "config/budget.h"

#include <catch2/catch.hpp>

namespace helip::config {
namespace {

TrainConfig batches_of_32() {
  TrainConfig train;
  train.seeds_per_batch = 8;
  train.hard_pairs_per_seed = 3;
  return train;
}

TEST_CASE("the global batch holds each seed and its hard pairs") {
  TrainConfig train = batches_of_32();
  CHECK(global_batch_size(train) == 32);
  train.seeds_per_batch = 4294967295U;
  train.hard_pairs_per_seed = 4294967295U;
  CHECK(global_batch_size(train) == 4294967295ULL * 4294967296ULL);
}

TEST_CASE(
    "steps are given, or follow from epochs or pairs, rounded up, for each kind of batch alike") {
  for (const HardPairs kind : {HardPairs::kMined, HardPairs::kRandom, HardPairs::kNone}) {
    TrainConfig train = batches_of_32();
    train.hard_pairs = kind;
    CHECK(steps_per_epoch(train, 24) == 3);
    CHECK(steps_per_epoch(train, 25) == 4);
    train.steps = 7;
    CHECK(total_steps(train, 25) == 7);
    train.steps = 0;
    train.pairs = 96;
    CHECK(total_steps(train, 25) == 3);
    train.pairs = 97;
    CHECK(total_steps(train, 25) == 4);
    train.pairs = 1;
    CHECK(total_steps(train, 25) == 1);
    train.pairs = ~std::uint64_t{0};
    CHECK(total_steps(train, 25) == (std::uint64_t{1} << 59));
    train.pairs = 0;
    train.epochs = 1.5;
    CHECK(total_steps(train, 24) == 5);
    train.epochs = 2;
    CHECK(total_steps(train, 25) == 8);
    train.epochs = 1e-9;
    CHECK(total_steps(train, 25) == 1);
  }
}

TEST_CASE("as many images have views with hard pairs as without") {
  TrainConfig train = batches_of_32();
  for (const HardPairs kind : {HardPairs::kMined, HardPairs::kRandom, HardPairs::kNone}) {
    train.hard_pairs = kind;
    CHECK(viewed_images(train, {.ssl_on = SslImages::kSeeds}) == 8);
    CHECK(viewed_images(train, {.ssl_on = SslImages::kAll}) == 32);
  }
}

}  // namespace
}  // namespace helip::config
