#include "common/text.h"
#include "model/files/spec_list.h"

namespace helip::model {
namespace {

constexpr std::int64_t kChannels = 3;
constexpr std::int64_t kExpansion = 4;  // of a bottleneck's output

// The last gain of a bottleneck starts at zero: the block is its shortcut at first.
void bottleneck(SpecList& list, const std::string& name, std::int64_t inputs, std::int64_t width,
                bool downsample) {
  list.convolution(name + ".conv1", width, inputs, 1);
  list.batch_norm(name + ".bn1", width);
  list.convolution(name + ".conv2", width, width, 3);
  list.batch_norm(name + ".bn2", width);
  list.convolution(name + ".conv3", kExpansion * width, width, 1);
  list.batch_norm(name + ".bn3", kExpansion * width, /*gain=*/0);
  if (downsample) {
    list.convolution(name + ".downsample.0", kExpansion * width, inputs, 1);
    list.batch_norm(name + ".downsample.1", kExpansion * width);
  }
}

void attention_pool(SpecList& list, const VisionShape& vision, std::int64_t embed_dim) {
  const std::int64_t width = vision.feature_width();
  const double deviation = inverse_root(width);
  list.normal("visual.attnpool.positional_embedding", {vision.grid() * vision.grid() + 1, width},
              deviation);
  const auto projection = [&](const char* name, std::int64_t outputs) {
    list.normal(cat("visual.attnpool.", name, ".weight"), {outputs, width}, deviation);
    list.uniform(cat("visual.attnpool.", name, ".bias"), {outputs}, deviation);
  };
  for (const char* name : {"k_proj", "q_proj", "v_proj"}) projection(name, width);
  projection("c_proj", embed_dim);
}

}  // namespace

void add_modified_resnet(SpecList& list, const VisionShape& vision, std::int64_t embed_dim) {
  const std::int64_t width = vision.width;
  list.enter(Modality::kImage, 0);
  list.convolution("visual.conv1", width / 2, kChannels, 3);
  list.batch_norm("visual.bn1", width / 2);
  list.convolution("visual.conv2", width / 2, width / 2, 3);
  list.batch_norm("visual.bn2", width / 2);
  list.convolution("visual.conv3", width, width / 2, 3);
  list.batch_norm("visual.bn3", width);
  std::int64_t inputs = width;
  std::int64_t stage_width = width;
  for (std::size_t stage = 0; stage < vision.stages.size(); ++stage) {
    for (std::int64_t block = 0; block < vision.stages[stage]; ++block) {
      bottleneck(list, cat("visual.layer", stage + 1, ".", block), inputs, stage_width,
                 /*downsample=*/block == 0);
      inputs = kExpansion * stage_width;
    }
    stage_width *= 2;
  }
  attention_pool(list, vision, embed_dim);
  list.leave();
}

}  // namespace helip::model
