// Run under mpirun: an optimizer whose moments are spread over the ranks does to the bit what one
// with all moments does.
#include "train/step/optimizer_shards.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>

#include <filesystem>

#include "common/digest.h"
#include "common/publish.h"
#include "common/rng.h"
#include "mpi/open_ranks.h"
#include "support/normal_tensor.h"
#include "support/skip.h"
#include "support/temporary_folder.h"
#include "train/step/tensor_copy.h"

// Last: LibTorch's logging has a CHECK of its own.
#include <catch2/catch.hpp>

namespace helip::train {
namespace {

namespace fs = std::filesystem;

at::Tensor normal(const std::string& purpose, const std::vector<std::int64_t>& shape) {
  return test::normal_tensor(3, purpose, shape, at::kFloat).to(test::device());
}

using Named = std::vector<std::pair<std::string, at::Tensor>>;

Named seven_parameters() {
  return {{"embedding", normal("embedding", {31, 8}).requires_grad_()},
          {"bias", normal("bias", {9}).requires_grad_()},
          {"matrix", normal("matrix", {5, 7}).requires_grad_()},
          {"turned", normal("turned", {6, 4}).t().requires_grad_()},
          {"kernel", normal("kernel", {4, 3, 2, 2}).requires_grad_()},
          {"norm", normal("norm", {8}).requires_grad_()},
          {"logit_scale", at::full({}, 2.5F, at::TensorOptions(test::device())).requires_grad_()}};
}

Named three_parameters() {
  Named all = seven_parameters();
  return {all[2], all[1], all[6]};
}

AdamWOptions options_of(const Named& parameters) {
  AdamWOptions options;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    options.lr_factors.push_back(i % 3 == 0 ? 0.25 : i % 3 == 1 ? 0.5 : 1);
    options.decays.push_back(parameters[i].second.dim() >= 2);
  }
  return options;
}

void set_gradients(Named& parameters, int step) {
  for (auto& [name, parameter] : parameters) {
    parameter.mutable_grad() = normal(name + std::to_string(step), parameter.sizes().vec());
  }
}

std::vector<at::Tensor> tensors_of(const Named& parameters) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : parameters) tensors.push_back(tensor);
  return tensors;
}

// The file of moments, as rank 0 writes it.
std::string saved(const AdamW& optimizer, OptimizerShards* shards, bool writes,
                  const fs::path& file) {
  TensorCopy copy;
  std::vector<TensorCopy::Source> sources;
  for (const auto& [name, tensor] : optimizer.moments()) {
    sources.push_back({.name = name, .tensor = tensor});
  }
  if (writes) copy.bind(sources, optimizer.metadata());
  if (shards != nullptr) {
    shards->gather_moments(optimizer, [&](std::size_t i) { return copy.place(i); });
  }
  if (!writes) return {};
  copy.take();
  const std::string digest = copy.write(file);
  CHECK(digest == sha256_file(file));
  return read_text_file(file);
}

void check_equal(const Named& found, const Named& expected) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(found[i].first);
    CHECK(at::equal(found[i].second, expected[i].second));
  }
}

TEST_CASE("owners' updates give every rank the weights, and rank 0 the file of moments, of one") {
  const auto group = test::open_ranks();
  auto& ranks = dynamic_cast<comm::Collectives&>(*group);
  const test::TemporaryFolder folder;
  for (const bool few : {false, true}) {
    for (const std::uint64_t cap : {std::uint64_t{5}, OptimizerShards::kBucketElements}) {
      INFO(ranks.size() << " ranks, buckets of " << cap);
      Named whole = few ? three_parameters() : seven_parameters();
      Named spread = few ? three_parameters() : seven_parameters();
      AdamWOptions options = options_of(whole);
      AdamW plain(whole, options);
      OptimizerShards shards(ranks, tensors_of(spread), cap);
      options.owned = shards.owned();
      AdamW sharded(spread, options);
      for (int step = 0; step < 5; ++step) {
        set_gradients(whole, step);
        set_gradients(spread, step);
        plain.step(0.05 / (1 + step));
        sharded.step(0.05 / (1 + step));
        shards.share_weights();
        check_equal(spread, whole);
      }
      const fs::path file = folder.path() / (few ? "few" : "all");
      const std::string expected = saved(plain, nullptr, true, file);
      const bool first = ranks.rank() == 0;
      const std::string found = saved(sharded, &shards, first, folder.path() / "gathered");
      if (first) CHECK(found == expected);

      // On from a file that an optimizer with all moments has written, and the other way round.
      AdamW resumed(spread, options);
      resumed.load(file);
      AdamW plain_resumed(whole, options_of(whole));
      plain_resumed.load(first ? folder.path() / "gathered" : file);
      for (int step = 5; step < 8; ++step) {
        set_gradients(whole, step);
        set_gradients(spread, step);
        plain_resumed.step(0.01);
        resumed.step(0.01);
        shards.share_weights();
      }
      check_equal(spread, whole);
    }
  }
}

TEST_CASE("a rank holds its own moments alone, and each moment lies on one rank") {
  const auto group = test::open_ranks();
  auto& ranks = dynamic_cast<comm::Collectives&>(*group);
  const Named parameters = three_parameters();
  const OptimizerShards shards(ranks, tensors_of(parameters));
  AdamWOptions options;
  options.owned = shards.owned();
  const AdamW optimizer(parameters, options);
  at::Tensor holders = at::full({3}, 0, at::TensorOptions(test::device()).dtype(at::kLong));
  const auto moments = optimizer.moments();
  for (std::int64_t i = 0; i < 3; ++i) {
    const bool held = !moments[static_cast<std::size_t>(2 * i)].second.is_meta();
    CHECK(held == options.owned[static_cast<std::size_t>(i)]);
    CHECK(held != moments[static_cast<std::size_t>(2 * i + 1)].second.is_meta());
    holders[i].fill_(held ? 1 : 0);
  }
  ranks.all_reduce_sum(holders);
  CHECK(at::equal(holders.cpu(), at::full({3}, 1, at::kLong)));
}

TEST_CASE("moments of another rank that are not finite are refused") {
  const auto group = test::open_ranks();
  auto& ranks = dynamic_cast<comm::Collectives&>(*group);
  if (ranks.size() == 1) return test::skip("one rank has no moments of another");
  const test::TemporaryFolder folder;
  Named parameters = three_parameters();
  OptimizerShards shards(ranks, tensors_of(parameters));
  AdamWOptions options;
  options.owned = shards.owned();
  AdamW optimizer(parameters, options);
  set_gradients(parameters, 0);
  parameters[1].second.mutable_grad().fill_(INFINITY);  // the second largest: rank 1's
  optimizer.step(0.1);
  if (ranks.rank() != 0) {
    saved(optimizer, &shards, false, {});
    return;
  }
  CHECK_THROWS_WITH(saved(optimizer, &shards, true, folder.path() / "file"),
                    Catch::Contains("tensor exp_avg.bias"));
}

TEST_CASE("parameters that do not fill their memory are refused") {
  const auto group = test::open_ranks();
  auto& ranks = dynamic_cast<comm::Collectives&>(*group);
  const at::Tensor every_other = normal("row", {6, 4}).narrow(1, 0, 2);
  CHECK_THROWS_WITH(OptimizerShards(ranks, {every_other}),
                    Catch::Contains("train.shard_optimizer"));
}

}  // namespace
}  // namespace helip::train
