// Run under mpirun with 1, 2 and 3 ranks: what the ranks compute together is what one rank computes
// on the whole batch.
#include <ATen/ATen.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "comm/gradient_sync.h"
#include "common/error.h"
#include "mpi/open_ranks.h"
#include "support/normal_tensor.h"
#include "support/skip.h"
#include "train/step/batch_loss.h"
#include "train/step/desync_check.h"

namespace helip::train {
namespace {

at::Tensor normal(const std::string& purpose, const std::vector<std::int64_t>& shape,
                  at::ScalarType dtype) {
  return test::normal_tensor(3, purpose, shape, dtype);
}

// Seven seeds with two hard pairs each over 30 pairs; some pairs share groups, some stand twice in
// the batch.
train::BatchPlan plan_of_seven() {
  train::BatchPlan plan;
  plan.hard_pairs_per_seed = 2;
  for (std::uint64_t s = 0; s < 7; ++s) {
    plan.seed_rows.push_back(static_cast<std::int32_t>(plan.ids.size()));
    plan.ids.push_back(SampleId{s * 3 % 30});
    for (std::uint64_t p = 0; p < 2; ++p) {
      plan.hard_rows.push_back(static_cast<std::int32_t>(plan.ids.size()));
      plan.ids.push_back(SampleId{(s * 5 + p * 7 + 1) % 30});
    }
  }
  return plan;
}

struct Groups {
  std::vector<std::uint32_t> image, caption;
};

Groups groups_of_thirty() {
  Groups groups;
  groups.image.resize(30);
  groups.caption.resize(30);
  std::iota(groups.image.begin(), groups.image.end(), 0U);
  std::iota(groups.caption.begin(), groups.caption.end(), 0U);
  groups.image[6] = groups.image[3];
  groups.caption[11] = groups.caption[8];
  return groups;
}

at::Tensor unit(const at::Tensor& values_BD) { return values_BD / values_BD.norm(2, 1, true); }

struct Outcome {
  double contrastive = 0, margin = 0;
  std::vector<at::Tensor> gradients;
};

// Two linear towers over fixed features; loss and averaged gradients as training computes them.
Outcome learn(comm::Collectives& ranks, at::ScalarType dtype, const config::LossConfig& config) {
  const train::BatchPlan plan = plan_of_seven();
  const Groups groups = groups_of_thirty();
  const LocalBatch batch =
      cut_batch(plan, ranks.rank(), ranks.size(), groups.image, groups.caption, true);

  std::vector<at::Tensor> parameters = {
      normal("image weight", {6, 5}, dtype).to(test::device()).requires_grad_(),
      normal("text weight", {4, 5}, dtype).to(test::device()).requires_grad_(),
      at::full({}, 1.5, at::TensorOptions(test::device()).dtype(dtype)).requires_grad_()};
  std::vector<std::int64_t> rows;
  for (const SampleId id : batch.ids) rows.push_back(static_cast<std::int64_t>(to_index(id)));
  const at::Tensor rows_B = at::tensor(rows);
  const auto rows_of = [&](const char* modality, std::int64_t width) {
    return normal(modality, {30, width}, dtype).index_select(0, rows_B).to(test::device());
  };
  const at::Tensor image_BD = unit(rows_of("image", 6).matmul(parameters[0]));
  const at::Tensor text_BD = unit(rows_of("text", 4).matmul(parameters[1]));

  comm::GradientSync sync(ranks, parameters);
  const LossShares shares =
      loss_shares(config, ranks, {image_BD, text_BD}, parameters[2].exp(), batch);
  const at::Tensor loss = backward_loss({.margin = config.margin_weight}, shares, ranks.size());
  sync.prepare(loss);
  loss.backward();
  sync.finish();

  const double margin = shares.margin.defined() ? shares.margin.item<double>() : 0;
  at::Tensor totals =
      at::tensor({shares.contrastive.item<double>(), margin}, at::kDouble).to(test::device());
  ranks.all_reduce_sum(totals);
  Outcome outcome{
      .contrastive = totals[0].item<double>(), .margin = totals[1].item<double>(), .gradients = {}};
  for (const at::Tensor& parameter : parameters) outcome.gradients.push_back(parameter.grad());
  return outcome;
}

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

TEST_CASE("ranks together give the loss and the gradients of one rank with the whole batch") {
  const auto group = test::open_ranks();
  auto& ranks = dynamic_cast<comm::Collectives&>(*group);
  const auto alone = comm::open_group("local", "cpu", 60);
  auto& one = dynamic_cast<comm::Collectives&>(*alone);
  for (const auto direction : {config::MarginDirection::kImage, config::MarginDirection::kBoth}) {
    config::LossConfig config;
    config.margin_direction = direction;
    for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
      const double bound = dtype == at::kDouble ? 1e-12 : 1e-6;
      const Outcome together = learn(ranks, dtype, config);
      const Outcome whole = learn(one, dtype, config);
      INFO(direction << " " << c10::toString(dtype) << " " << ranks.size() << " ranks");
      CHECK(whole.margin > 0.01);
      CHECK(together.contrastive == Approx(whole.contrastive).epsilon(bound));
      CHECK(together.margin == Approx(whole.margin).epsilon(bound));
      for (std::size_t i = 0; i < whole.gradients.size(); ++i) {
        CHECK(relative_difference(together.gradients[i], whole.gradients[i]) <= bound);
      }
      const Outcome again = learn(ranks, dtype, config);
      CHECK(again.contrastive == together.contrastive);
      for (std::size_t i = 0; i < whole.gradients.size(); ++i) {
        CHECK(at::equal(again.gradients[i], together.gradients[i]));
      }
    }
  }
}

TEST_CASE("margin_weight 0 and batches without hard pairs leave the margin loss out") {
  const auto group = test::open_ranks();
  auto& ranks = dynamic_cast<comm::Collectives&>(*group);
  config::LossConfig config;
  config.margin_weight = 0;
  const Outcome without = learn(ranks, at::kDouble, config);
  CHECK(without.margin == 0);
  config.margin_weight = 25;
  CHECK(relative_difference(learn(ranks, at::kDouble, config).gradients[0], without.gradients[0]) >
        1e-3);
}

// margin_statistics by its words, over the whole batch.
std::vector<double> statistics_by_loops(const train::BatchPlan& plan, const Groups& groups,
                                        const at::Tensor& image_ND, const at::Tensor& text_ND) {
  const auto alike = [&](std::uint64_t a, std::uint64_t b) {
    return a == b || groups.image[a] == groups.image[b] || groups.caption[a] == groups.caption[b];
  };
  const auto id = [&](std::int32_t row) {
    return to_index(plan.ids[static_cast<std::size_t>(row)]);
  };
  const auto similarity = [&](std::uint64_t i, std::uint64_t j) {
    return (image_ND[static_cast<std::int64_t>(i)] * text_ND[static_cast<std::int64_t>(j)])
        .sum()
        .item<double>();
  };
  std::vector<double> sums(5, 0);
  for (std::size_t s = 0; s < plan.seed_rows.size(); ++s) {
    const std::uint64_t seed = id(plan.seed_rows[s]);
    const std::vector<std::uint64_t> hard = {id(plan.hard_rows[2 * s]),
                                             id(plan.hard_rows[2 * s + 1])};
    const double bar = std::min(similarity(seed, hard[0]), similarity(seed, hard[1]));
    sums[3] += 2;
    sums[4] += 2;
    for (const SampleId column : plan.ids) {
      const std::uint64_t j = to_index(column);
      if (alike(j, seed) || alike(j, hard[0]) || alike(j, hard[1])) continue;
      const double value = similarity(seed, j);
      sums[0] += 1;
      sums[1] += value > bar ? 1 : 0;
      sums[2] += value > similarity(seed, seed) ? 1 : 0;
      for (const std::uint64_t h : hard) sums[4] += value > similarity(seed, h) ? 1 : 0;
    }
  }
  return sums;
}

TEST_CASE("ranks together count as loops over the whole batch do how hard the hard pairs are") {
  const auto group = test::open_ranks();
  auto& ranks = dynamic_cast<comm::Collectives&>(*group);
  const train::BatchPlan plan = plan_of_seven();
  const Groups groups = groups_of_thirty();
  const LocalBatch batch =
      cut_batch(plan, ranks.rank(), ranks.size(), groups.image, groups.caption, true);
  std::vector<std::int64_t> rows;
  for (const SampleId id : batch.ids) rows.push_back(static_cast<std::int64_t>(to_index(id)));
  const at::Tensor image_ND = unit(normal("image", {30, 5}, at::kDouble));
  const at::Tensor text_ND = unit(normal("text", {30, 5}, at::kDouble));
  for (const auto direction : {config::MarginDirection::kImage, config::MarginDirection::kBoth}) {
    config::LossConfig config;
    config.margin_direction = direction;
    const auto shares = [&](bool with_statistics) {
      return loss_shares(config, ranks,
                         {image_ND.index_select(0, at::tensor(rows)).to(test::device()),
                          text_ND.index_select(0, at::tensor(rows)).to(test::device())},
                         at::ones({}, at::TensorOptions(test::device()).dtype(at::kDouble)), batch,
                         with_statistics);
    };
    CHECK_FALSE(shares(false).statistics.defined());
    at::Tensor sums = shares(true).statistics;
    ranks.all_reduce_sum(sums);
    const std::vector<double> expected = statistics_by_loops(plan, groups, image_ND, text_ND);
    REQUIRE(sums.size(0) == 5);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(sums[static_cast<std::int64_t>(i)].item<double>() == expected[i]);
    }
    CHECK(expected[2] > 0);
    CHECK(expected[1] > expected[2]);
    CHECK(expected[4] > expected[3]);
  }
}

TEST_CASE("ranks that hold other weights than the most are named, with the parameter") {
  const auto group = test::open_ranks();
  auto& ranks = dynamic_cast<comm::Collectives&>(*group);
  std::vector<std::pair<std::string, at::Tensor>> parameters = {
      {"matrix", normal("matrix", {5, 7}, at::kFloat).to(test::device()).requires_grad_()},
      {"bias", normal("bias", {9}, at::kFloat).to(test::device()).requires_grad_()},
      {"logit_scale", at::full({}, 2.5F, at::TensorOptions(test::device())).requires_grad_()}};
  check_equal_weights(ranks, parameters, 3);
  if (ranks.size() == 1) return test::skip("one rank has no others to differ from");
  const int last = ranks.size() - 1;
  if (ranks.rank() == last) {  // the lowest bit of one weight
    const at::Tensor bias = parameters[1].second.detach();
    bias[4].fill_(std::nextafter(bias[4].item<float>(), 10.0F));
  }
  CHECK_THROWS_WITH(
      check_equal_weights(ranks, parameters, 200),
      Catch::Contains("drifted apart") && Catch::Contains("step 200, parameter bias") &&
          Catch::Contains("the bits of rank 0") && Catch::EndsWith("rank " + std::to_string(last)));
}

}  // namespace
}  // namespace helip::train
