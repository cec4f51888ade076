#include "model/clip/modified_resnet.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/relu.h>

#include "common/text.h"

namespace helip::model {
namespace {

at::Tensor reduced(const at::Tensor& x_BCHW, std::int64_t stride) {
  return stride > 1 ? at::avg_pool2d(x_BCHW, {stride, stride}) : x_BCHW;
}

}  // namespace

ModifiedResNet::NormedConv::NormedConv(const NamedTensors& all, const std::string& conv,
                                       const std::string& norm, std::int64_t stride)
    : weight_(find_parameter(all, conv + ".weight")), norm_(all, norm), stride_(stride) {}

at::Tensor ModifiedResNet::NormedConv::operator()(const at::Tensor& x_BCHW, bool training) const {
  const std::int64_t padding = weight_.size(2) / 2;
  return norm_(at::conv2d(x_BCHW, weight_, /*bias=*/{}, {stride_, stride_}, {padding, padding}),
               training);
}

ModifiedResNet::Bottleneck::Bottleneck(const NamedTensors& all, const std::string& name,
                                       std::int64_t stride, bool downsample)
    : conv1_(all, name + ".conv1", name + ".bn1"),
      conv2_(all, name + ".conv2", name + ".bn2"),
      conv3_(all, name + ".conv3", name + ".bn3"),
      stride_(stride) {
  if (downsample) downsample_.emplace(all, name + ".downsample.0", name + ".downsample.1");
}

at::Tensor ModifiedResNet::Bottleneck::operator()(const at::Tensor& x_BCHW, bool training) const {
  const at::Tensor narrow = at::relu(conv1_(x_BCHW, training));
  const at::Tensor mixed = reduced(at::relu(conv2_(narrow, training)), stride_);
  const at::Tensor wide = conv3_(mixed, training);
  const at::Tensor shortcut =
      downsample_ ? (*downsample_)(reduced(x_BCHW, stride_), training) : x_BCHW;
  return at::relu(wide.add(shortcut));
}

ModifiedResNet::ModifiedResNet(const NamedTensors& all, const VisionShape& shape)
    : image_size_(shape.image_size), pool_(all, "visual.attnpool", shape.heads()) {
  for (int layer = 1; layer <= 3; ++layer) {
    stem_.emplace_back(all, cat("visual.conv", layer), cat("visual.bn", layer),
                       /*stride=*/layer == 1 ? 2 : 1);
  }
  for (std::size_t stage = 0; stage < shape.stages.size(); ++stage) {
    std::vector<Bottleneck>& blocks = stages_.emplace_back();
    for (std::int64_t block = 0; block < shape.stages[stage]; ++block) {
      blocks.emplace_back(all, cat("visual.layer", stage + 1, ".", block),
                          /*stride=*/stage > 0 && block == 0 ? 2 : 1,
                          /*downsample=*/block == 0);
    }
  }
}

at::Tensor ModifiedResNet::embed(const at::Tensor& pixels_B3HW, ForwardMode mode) const {
  check_pixels(pixels_B3HW, image_size_);
  const bool training = mode.is_training();
  at::Tensor x_BCHW = timed(timer_, "visual.stem", pixels_B3HW, [&] {
    at::Tensor y_BCHW = pixels_B3HW;
    for (const NormedConv& conv : stem_) y_BCHW = at::relu(conv(y_BCHW, training));
    return reduced(y_BCHW, 2);
  });
  for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
    const std::string name = timer_ == nullptr ? "" : cat("visual.layer", stage + 1);
    x_BCHW = timed(timer_, name, x_BCHW, [&] {
      at::Tensor y_BCHW = x_BCHW;
      for (const Bottleneck& block : stages_[stage]) y_BCHW = block(y_BCHW, training);
      return y_BCHW;
    });
  }
  return timed(timer_, "visual.head", x_BCHW, [&] { return pool_(x_BCHW); });
}

}  // namespace helip::model
