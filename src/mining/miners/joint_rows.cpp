#include "mining/miners/joint_rows.h"

#include <algorithm>
#include <cmath>

namespace helip::mining {

JointRows::JointRows(const MiningData& data, Metric metric)
    : images_(metric == Metric::kText ? nullptr : &data.images),
      texts_(metric == Metric::kImage ? nullptr : &data.texts) {}

std::uint32_t JointRows::dim() const {
  return (images_ == nullptr ? 0 : images_->dim()) + (texts_ == nullptr ? 0 : texts_->dim());
}

std::size_t JointRows::width() const {
  return (images_ == nullptr ? 0 : images_->width()) + (texts_ == nullptr ? 0 : texts_->width());
}

void JointRows::read(std::uint64_t pair, std::span<float> out) const {
  float* to = out.data();
  for (const EmbeddingMatrix* matrix : {images_, texts_}) {
    if (matrix == nullptr) continue;
    const double squared = matrix->squared_norm(pair);
    const double scale = squared > 0 ? 1 / std::sqrt(squared) : 0;
    const float* row = matrix->read(pair, to);
    to = std::transform(row, row + matrix->width(), to,
                        [scale](float value) { return static_cast<float>(value * scale); });
  }
}

}  // namespace helip::mining
