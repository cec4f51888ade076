// Which samples a linear probe is trained on, and how its L2 weight or weight decay is chosen.
// Torch-free header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "config/choices.h"
#include "eval/linear_probe.h"
#include "eval/metrics.h"

namespace helip::eval {

// Features and labels of samples; rows and labels are equally many.
struct ProbeSamples {
  std::vector<float> features;  // [rows, dim]
  std::vector<std::int64_t> labels;
  std::size_t dim = 0;

  [[nodiscard]] EmbeddingView view() const { return {features, labels.size(), dim}; }
};

struct ProbeOptions {
  config::ProbeMethod method = config::ProbeMethod::kLbfgs;
  double l2 = 0;               // of kLbfgs, on the mean loss; 0: chosen on validation samples
  std::uint32_t shots = 0;     // training samples of each class; 0: all
  std::uint32_t seed = 0;      // of all random draws
  std::string device = "cpu";  // of kClipBenchmark's training
};

struct TrainedProbe {
  LinearProbe probe;
  // As clip_benchmark names them: weight_decay, epochs, seed, fewshot_k (-1: all), normalized; of
  // kLbfgs l2 in place of weight_decay and epochs.
  std::map<std::string, double> settings;
};

// Trains a probe as eval.probe and the keys beside it say (docs/equations.md). `validation` may be
// empty: then kLbfgs with l2 0 takes a fifth of each class's training samples, rounded down, and
// kClipBenchmark trains without weight decay. The probe is trained on the training and the
// validation samples in the end, but on the shots alone where there are shots. Throws DataError
// naming a class that has training samples but fewer than `shots`, and as train_adamw_probe; and if
// a weight is to be chosen without a validation sample.
TrainedProbe train_probe(const ProbeSamples& train, const ProbeSamples& validation,
                         std::size_t classes, const ProbeOptions& options);

// Returns the position of the best of 97 values: the best of every 16th, then of it and its
// neighbours at a distance of 8, 4, 2 and 1, as in the CLIP paper (appendix A.3) and in
// clip_benchmark. `accuracy` is called once for each position that is tried. Equal values
// leave the first that was tried, or with `prefer_later` the one of the highest position.
std::size_t sweep_peak(const std::function<double(std::size_t)>& accuracy, bool prefer_later);

inline constexpr std::size_t kSweepValues = 97;

}  // namespace helip::eval
