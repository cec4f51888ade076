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
  return numbers;
}

}  // namespace helip::worker
