#include "train/step/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "common/error.h"
#include "common/text.h"
#include "store/safetensors.h"

namespace helip::train {
namespace {

constexpr const char* kMean = "exp_avg.";
constexpr const char* kMeanSquare = "exp_avg_sq.";
constexpr const char* kSteps = "steps";

std::vector<std::uint64_t> shape_of(const at::Tensor& tensor) {
  return {tensor.sizes().begin(), tensor.sizes().end()};
}

std::string text_of(const std::vector<std::uint64_t>& shape) {
  std::string text = "[";
  for (const std::uint64_t size : shape) text += cat(text.size() > 1 ? ", " : "", size);
  return text + "]";
}

void copy_into(at::Tensor& tensor, const store::SafetensorsFile& file, const std::string& name,
               const std::filesystem::path& path) {
  const store::TensorView& view = file.tensor(name, "F32");
  if (view.shape != shape_of(tensor)) {
    throw StoreError({.what = "moments of another shape",
                      .where = cat(path.string(), " tensor ", name),
                      .expected = text_of(shape_of(tensor)),
                      .found = text_of(view.shape)});
  }
  if (tensor.is_meta()) return;
  at::Tensor values = at::empty(tensor.sizes(), at::TensorOptions().dtype(at::kFloat));
  if (!view.data.empty())
    std::memcpy(values.mutable_data_ptr(), view.data.data(), view.data.size());
  tensor.copy_(values);
}

}  // namespace

AdamW::AdamW(std::vector<std::pair<std::string, at::Tensor>> parameters,
             const AdamWOptions& options)
    : options_(options) {
  const at::NoGradGuard no_grad;
  for (auto& [name, parameter] : parameters) {
    const std::size_t i = parameters_.size();
    const bool decays = options.decays.empty() || options.decays.at(i);
    const double lr_factor = options.lr_factors.empty() ? 1 : options.lr_factors.at(i);
    const bool owned = options.owned.empty() || options.owned.at(i);
    if (owned) group_of(decays ? options.wd : 0, lr_factor).members.push_back(i);
    for (auto* moments : {&mean_, &mean_square_}) {
      moments->push_back(
          owned ? at::zeros_like(parameter, at::MemoryFormat::Contiguous)
                : at::empty(parameter.sizes(),
                            parameter.options().device(at::kMeta).requires_grad(false)));
    }
    names_.push_back(name);
    parameters_.push_back(parameter);
  }
}

AdamW::ParameterGroup& AdamW::group_of(double wd, double lr_factor) {
  for (ParameterGroup& group : groups_) {
    if (group.wd == wd && group.lr_factor == lr_factor) return group;
  }
  return groups_.emplace_back(ParameterGroup{.wd = wd, .lr_factor = lr_factor, .members = {}});
}

std::vector<at::Tensor> AdamW::pick(const std::vector<at::Tensor>& from,
                                    const ParameterGroup& group) const {
  std::vector<at::Tensor> picked;
  for (const std::size_t i : group.members) picked.push_back(from[i]);
  return picked;
}

void AdamW::step(double lr) {
  const at::NoGradGuard no_grad;
  ++steps_;
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters_) gradients.push_back(parameter.grad());
  for (const ParameterGroup& group : groups_) {
    const at::Tensor& any = parameters_[group.members[0]];
    const std::vector<at::Tensor> steps(
        group.members.size(), at::full({}, static_cast<double>(steps_),
                                       any.options().dtype(at::kFloat).requires_grad(false)));
    at::_fused_adamw_(pick(parameters_, group), pick(gradients, group), pick(mean_, group),
                      pick(mean_square_, group), {}, steps, lr * group.lr_factor, options_.beta1,
                      options_.beta2, group.wd, options_.eps, /*amsgrad=*/false,
                      /*maximize=*/false);
  }
}

double AdamW::gradient_norm() const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters_) gradients.push_back(parameter.grad());
  double squares = 0;
  for (const at::Tensor& norm : at::_foreach_norm(gradients)) {
    const double value = norm.item<double>();
    squares += value * value;
  }
  return std::sqrt(squares);
}

void AdamW::scale_gradients(double factor) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters_) gradients.push_back(parameter.grad());
  at::_foreach_mul_(gradients, factor);
}

void AdamW::clear_gradients() {
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad() = at::Tensor();
}

std::vector<std::pair<std::string, at::Tensor>> AdamW::moments() const {
  std::vector<std::pair<std::string, at::Tensor>> all;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    all.emplace_back(kMean + names_[i], mean_[i]);
    all.emplace_back(kMeanSquare + names_[i], mean_square_[i]);
  }
  return all;
}

std::map<std::string, std::string> AdamW::metadata() const { return {{kSteps, cat(steps_)}}; }

void AdamW::load(const std::filesystem::path& file) {
  const at::NoGradGuard no_grad;
  const auto saved = store::SafetensorsFile::open(file);
  if (saved.tensors().size() != 2 * names_.size()) {
    throw StoreError({.what = "moments of another model",
                      .where = file.string(),
                      .expected = cat(2 * names_.size(), " tensors"),
                      .found = cat(saved.tensors().size())});
  }
  const auto steps = saved.metadata().find(kSteps);
  const std::string text = steps == saved.metadata().end() ? "" : steps->second;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, steps_);
  if (problem != std::errc() || stop != end) {
    throw StoreError({.what = "the optimizer's number of steps is missing or damaged",
                      .where = file.string(),
                      .expected = cat("a number as ", kSteps, " in the metadata"),
                      .found = text});
  }
  for (std::size_t i = 0; i < names_.size(); ++i) {
    copy_into(mean_[i], saved, kMean + names_[i], file);
    copy_into(mean_square_[i], saved, kMeanSquare + names_[i], file);
  }
}

}  // namespace helip::train
