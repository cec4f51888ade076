// Run under mpirun with 1, 2 and 4 ranks: a whole model's gradient by several ranks, in parts and
// with recomputed activations is the gradient of one rank with the whole batch.
#include "train/step/forward_backward.h"

#include "forward_backward_support.h"

namespace helip::train {
namespace {

TEST_CASE_METHOD(
    SmallModelTest,
    "ranks give one rank's gradient of the whole model, with and without hard pairs' loss") {
  for (const double weight : {0.0, 25.0}) {
    config.loss.margin_weight = weight;
    const Outcome whole = learn_by_one();
    CHECK((whole.losses.margin > 0) == (weight > 0));
    check_equal(learn_by_all(), whole, 1e-10);
  }
}

TEST_CASE_METHOD(SmallModelTest, "a batch in parts has the gradient of the whole batch") {
  const Outcome whole = learn_by_one();
  for (const std::uint32_t parts : {2U, 3U, 1000U}) {  // with 1000 a part is a row
    config.train.accum_freq = parts;
    check_equal(learn_by_all(), whole, 1e-10);
  }
}

TEST_CASE_METHOD(SmallModelTest, "recomputed activations change no gradient") {
  const Outcome whole = learn_by_one();
  config.train.grad_checkpointing = true;
  check_equal(learn_by_all(), whole, 1e-10);
  config.train.accum_freq = 2;
  check_equal(learn_by_all(), whole, 1e-10);
}

TEST_CASE_METHOD(SmallModelTest,
                 "recomputed activations are computed in the precision of the first time") {
  config.train.precision = config::PrecisionMode::kAmpBf16;
  const Outcome kept = learn_by_all();
  config.train.grad_checkpointing = true;
  const Outcome recomputed = learn_by_all();
  CHECK(recomputed.losses.loss == kept.losses.loss);
  for (std::size_t i = 0; i < kept.gradients.size(); ++i) {
    INFO(kept.names[i]);
    CHECK(at::equal(recomputed.gradients[i], kept.gradients[i]));
  }
}

TEST_CASE_METHOD(SmallModelTest, "bfloat16 products stay near the gradient in float64") {
  const Outcome wide = learn_by_one();
  config.train.precision = config::PrecisionMode::kAmpBf16;
  const Outcome narrow = learn_by_all();
  CHECK(narrow.losses.contrastive == Approx(wide.losses.contrastive).epsilon(0.02));
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < wide.gradients.size(); ++i) {
    CHECK(narrow.gradients[i].scalar_type() == at::kFloat);
    difference += (narrow.gradients[i] - wide.gradients[i]).square().sum().item<double>();
    norm += wide.gradients[i].square().sum().item<double>();
  }
  CHECK(difference < 0.05 * 0.05 * norm);
  CHECK(difference > 0);
}

TEST_CASE_METHOD(SmallModelTest, "the loss scale is a factor on the gradient alone") {
  const Outcome plain = learn(all(), config);
  Outcome scaled = learn(all(), config, 1024);
  for (at::Tensor& gradient : scaled.gradients) gradient = gradient / 1024;
  check_equal(scaled, plain, 1e-14);
}

}  // namespace
}  // namespace helip::train
