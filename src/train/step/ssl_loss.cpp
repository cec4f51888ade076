#include "train/step/ssl_loss.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>

#include "common/error.h"
#include "model/layers/autocast.h"
#include "train/input/batch_tensor.h"

namespace helip::train {

bool has_ssl_term(model::Model& model, const config::SlipConfig& config) {
  if (model.self_supervision() != nullptr) return config.ssl_weight > 0;
  if (config == config::SlipConfig{}) return false;
  throw ConfigError({.what = "the model has no self-supervised head",
                     .where = "slip",
                     .expected = "no such section, or one of SLIP's SLIP_ models",
                     .found = "another model"});
}

loss::SimclrShares ssl_shares(const config::SlipConfig& config, comm::Collectives& ranks,
                              model::SelfSupervision& head, std::optional<at::ScalarType> products,
                              const ViewFeatures& features, const SslViews& views) {
  const at::Device device = features.first_BW.device();
  const std::int64_t width = features.first_BW.size(1);
  const auto count = static_cast<std::int64_t>(views.gathered.size());
  const at::Tensor counted_V = to_tensor(views.gathered, {count}, at::kLong, device);
  const at::Tensor both_V2W = at::index_select(
      comm::gather_with_grad(ranks, at::cat({features.first_BW, features.second_BW}, 1)), 0,
      counted_V);
  const auto embed = [&](std::int64_t from) {
    const model::AutocastScope autocast(device.type(), products);
    return head.embed_ssl(both_V2W.narrow(1, from, width), /*training=*/count > 1);
  };
  const at::Tensor first_VE = embed(0);
  const at::Tensor second_VE = embed(width);
  const at::Tensor duplicate_BV = to_tensor(views.duplicate, {views.own, count}, at::kBool, device);
  return loss::simclr_loss(first_VE, second_VE, views.first, duplicate_BV, config.ssl_temperature);
}

}  // namespace helip::train
