#include "worker/stages/train_numbers.h"

namespace helip::worker {

rpc::TrainNumbers numbers_of(const train::TrainProgress& now, std::uint64_t seed) {
  rpc::TrainNumbers numbers;
  numbers.step = now.step;
  numbers.steps = now.steps;
  numbers.epoch = now.epoch;
  numbers.loss = now.loss;
  numbers.contrastive_loss = now.contrastive_loss;
  numbers.margin_loss = now.margin_loss;
  if (now.ssl) numbers.ssl_loss = now.ssl->loss;
  numbers.lr = now.lr;
  numbers.logit_scale = now.logit_scale;
  numbers.samples_per_second = now.samples_per_second;
  numbers.data_share = now.data_share;
  numbers.seed = seed;
  for (const train::HeldOutResult& result : now.score.results) {
    if (const auto headline = train::headline_of(result)) {
      numbers.scores.push_back(
          {.dataset = result.dataset, .metric = headline->first, .value = headline->second});
    }
  }
  numbers.scores_step = now.score.step;
  return numbers;
}

}  // namespace helip::worker
