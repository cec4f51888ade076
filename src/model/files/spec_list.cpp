#include "model/files/spec_list.h"

#include <cmath>

namespace helip::model {

double inverse_root(std::int64_t value) { return 1.0 / std::sqrt(static_cast<double>(value)); }

void SpecList::enter(Modality tower, std::int64_t group) {
  tower_ = tower;
  group_ = static_cast<std::size_t>(group);
}

void SpecList::add(ParameterSpec spec) {
  spec.tower = tower_;
  spec.group = group_;
  specs_.push_back(std::move(spec));
}

void SpecList::constant(const std::string& name, const Shape& shape, double value) {
  add({name, shape, Initial::kConstant, value});
}

void SpecList::normal(const std::string& name, const Shape& shape, double deviation) {
  add({name, shape, Initial::kNormal, deviation});
}

void SpecList::uniform(const std::string& name, const Shape& shape, double bound) {
  add({name, shape, Initial::kUniform, bound});
}

void SpecList::linear(const std::string& name, std::int64_t outputs, std::int64_t inputs) {
  uniform(name + ".weight", {outputs, inputs}, inverse_root(inputs));
  uniform(name + ".bias", {outputs}, inverse_root(inputs));
}

void SpecList::convolution(const std::string& name, std::int64_t outputs, std::int64_t inputs,
                           std::int64_t kernel) {
  uniform(name + ".weight", {outputs, inputs, kernel, kernel},
          inverse_root(inputs * kernel * kernel));
}

void SpecList::layer_norm(const std::string& name, std::int64_t width) {
  constant(name + ".weight", {width}, 1);
  constant(name + ".bias", {width}, 0);
}

void SpecList::batch_norm(const std::string& name, std::int64_t channels, double gain) {
  constant(name + ".weight", {channels}, gain);
  constant(name + ".bias", {channels}, 0);
  add({name + ".running_mean", {channels}, Initial::kConstant, 0, TensorRole::kFixed});
  add({name + ".running_var", {channels}, Initial::kConstant, 1, TensorRole::kFixed});
  add({name + ".num_batches_tracked", {}, Initial::kConstant, 0, TensorRole::kCount});
}

}  // namespace helip::model
