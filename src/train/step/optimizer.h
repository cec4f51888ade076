// AdamW (Loshchilov and Hutter, arXiv 1711.05101) by LibTorch's fused kernel: one pass over
// parameters and moments a step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace helip::train {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.98;
  double eps = 1e-6;
  double wd = 0.2;
  std::vector<bool> decays = {};        // true: wd applies to the parameter; empty: all
  std::vector<double> lr_factors = {};  // of each parameter; empty: 1
  std::vector<bool> owned = {};         // true: step() updates the parameter; empty: all
};

class AdamW {
 public:
  // Takes floating-point parameters by name. Moments start at 0 on the parameters' device. Moments
  // of parameters that are not owned are on the meta device: a shape without memory.
  AdamW(std::vector<std::pair<std::string, at::Tensor>> parameters, const AdamWOptions& options);

  // Updates the owned parameters with the gradients in .grad, which every parameter must have.
  void step(double lr);

  // Returns the Euclidean norm of all gradients, added up in the order of the parameters. Every
  // parameter must have a gradient.
  [[nodiscard]] double gradient_norm() const;
  void scale_gradients(double factor);
  void clear_gradients();

  // Return what a file of the optimizer holds: moments exp_avg.NAME and exp_avg_sq.NAME of each
  // parameter; the number of steps in the metadata.
  [[nodiscard]] std::vector<std::pair<std::string, at::Tensor>> moments() const;
  [[nodiscard]] std::map<std::string, std::string> metadata() const;
  // Reads a safetensors file with all moments, owned or not. Throws StoreError if a tensor is
  // missing, surplus, not float32 or of another shape, or if the number of steps is missing.
  void load(const std::filesystem::path& file);

 private:
  struct ParameterGroup {
    double wd = 0, lr_factor = 1;
    std::vector<std::size_t> members;
  };
  ParameterGroup& group_of(double wd, double lr_factor);
  std::vector<at::Tensor> pick(const std::vector<at::Tensor>& from,
                               const ParameterGroup& group) const;

  AdamWOptions options_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> mean_;         // exp_avg
  std::vector<at::Tensor> mean_square_;  // exp_avg_sq
  std::vector<ParameterGroup> groups_;
  std::uint64_t steps_ = 0;
};

}  // namespace helip::train
