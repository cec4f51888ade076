// Times training steps of train::TrainStep on inputs of files, so that run.py can set them beside
// another program's. usage: helip_time_step JOB.json, alone or under mpirun. JOB: {"model", "init",
// "precision", "device", "backend", "threads", "seeds", "hard_pairs", "margin_weight", "lr",
// "image", "text"}; image and text name .npy files with the rows of the global batch. Then each
// line of standard input, "plain STEPS" or "hard STEPS", is answered with a line of JSON; plain
// batches have as many pairs.
#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "comm/group.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "config/read_choice.h"
#include "store/npy.h"
#include "train/input/batch_sampler.h"
#include "train/input/local_batch.h"
#include "train/step/train_step.h"

namespace helip {
namespace {

constexpr double kTimeoutSeconds = 3600;  // ranks wait for commands in a collective

// Seeds with `hard_pairs` each, all pairs different; without hard pairs every pair is a seed.
train::BatchPlan plan_of(std::int64_t pairs, std::uint32_t hard_pairs) {
  train::BatchPlan plan;
  plan.hard_pairs_per_seed = hard_pairs;
  for (std::int64_t row = 0; row < pairs; ++row) {
    plan.ids.push_back(SampleId{static_cast<std::uint64_t>(row)});
    const bool is_seed = row % (1 + hard_pairs) == 0;
    (is_seed ? plan.seed_rows : plan.hard_rows).push_back(static_cast<std::int32_t>(row));
  }
  return plan;
}

// Rows [first, first + count) of an array.
template <typename T>
std::vector<T> rows_of(const store::NpyArray& array, std::int64_t first, std::int64_t count) {
  const std::size_t width = array.as<T>().size() / array.shape()[0];
  const auto rows = array.as<T>().subspan(static_cast<std::size_t>(first) * width,
                                          static_cast<std::size_t>(count) * width);
  return {rows.begin(), rows.end()};
}

std::vector<std::int64_t> shape_of(const store::NpyArray& array, std::int64_t rows) {
  std::vector<std::int64_t> shape(array.shape().begin(), array.shape().end());
  shape[0] = rows;
  return shape;
}

train::InputBatch inputs_of(const Json& job, const train::LocalBatch& batch) {
  const auto image = store::NpyArray::open(job.at("image").get<std::string>());
  const auto text = store::NpyArray::open(job.at("text").get<std::string>());
  train::InputBatch inputs;
  inputs.image_shape = shape_of(image, batch.rows);
  inputs.image = rows_of<float>(image, batch.first_row, batch.rows);
  inputs.text_shape = shape_of(text, batch.rows);
  if (text.dtype() == store::DType::kI64) {
    inputs.tokens = rows_of<std::int64_t>(text, batch.first_row, batch.rows);
  } else {
    inputs.text_features = rows_of<float>(text, batch.first_row, batch.rows);
  }
  return inputs;
}

config::RunConfig config_of(const Json& job) {
  config::RunConfig config;
  config.model.architecture = job.at("model");
  config.model.init = job.at("init");
  config.train.precision =
      config::read_choice<config::PrecisionMode>(job.at("precision"), "precision");
  config.train.wd = 0.2;
  config.loss.margin_weight = job.at("margin_weight");
  config.launcher.threads_per_worker = job.at("threads");
  return config;
}

rusage used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

double peak_mebibytes() { return static_cast<double>(used().ru_maxrss) / 1024; }

// Processor time of all threads.
double processor_seconds() {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  const rusage usage = used();
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Program {
 public:
  Program(const Json& job, comm::Group& ranks)
      : job_(job),
        ranks_(ranks),
        train_step_(train::train_step_config(config_of(job)), job.at("device"), ranks) {
    const std::uint32_t hard_pairs = job.at("hard_pairs");
    const std::int64_t pairs = job.at("seeds").get<std::int64_t>() * (1 + hard_pairs);
    groups_.resize(static_cast<std::size_t>(pairs));
    std::iota(groups_.begin(), groups_.end(), 0U);
    plain_ = plan_of(pairs, 0);
    hard_ = plan_of(pairs, hard_pairs);
    inputs_ = inputs_of(job, cut(hard_));
  }

  Json run(const std::string& command) {
    std::istringstream words(command);
    std::string kind;
    std::uint64_t steps = 0;
    words >> kind >> steps;
    Json timed = Json::array();
    train::StepResult result;
    for (std::uint64_t step = 0; step < steps; ++step) {
      const double processor_began = processor_seconds();
      const double began = monotonic_seconds();
      result = train_step_.step(cut(kind == "hard" ? hard_ : plain_), inputs_,
                                {.seed = 0, .epoch = 0, .lr = job_.at("lr"), .stop_wanted = false});
      const double whole = monotonic_seconds() - began;
      const train::StepSeconds& parts = train_step_.last_step();
      timed.push_back({{"step", whole},
                       {"processor", processor_seconds() - processor_began},
                       {"forward", parts.forward},
                       {"loss", parts.loss},
                       {"backward", parts.backward},
                       {"averaging", parts.averaging},
                       {"optimizer", parts.optimizer}});
    }
    return {{"steps", timed}, {"loss", result.loss}, {"peak_mib", peak_mebibytes()}};
  }

 private:
  train::LocalBatch cut(const train::BatchPlan& plan) const {
    return train::cut_batch(plan, ranks_.rank(), ranks_.size(), groups_, groups_,
                            /*mask_duplicates=*/true);
  }

  const Json& job_;
  comm::Group& ranks_;
  train::TrainStep train_step_;
  std::vector<std::uint32_t> groups_;
  train::BatchPlan plain_, hard_;
  train::InputBatch inputs_;
};

}  // namespace
}  // namespace helip

int main(int count, char** arguments) {
  using namespace helip;
  if (count != 2) {
    std::cerr << "usage: helip_time_step JOB.json\n";
    return kExitUsage;
  }
  try {
    const Json job = Json::parse(read_text_file(arguments[1]));
    const auto ranks = comm::open_group(job.at("backend"), job.at("device"), kTimeoutSeconds);
    Program program(job, *ranks);
    while (true) {
      std::string command;
      if (ranks->rank() == 0) std::getline(std::cin, command);
      command = ranks->broadcast_text(command);
      if (command.empty()) return kExitDone;
      const Json answer = program.run(command);
      if (ranks->rank() == 0) std::cout << answer.dump() << std::endl;
    }
  } catch (const std::exception& problem) {
    std::cerr << "error: " << problem.what() << "\n";
    return kExitFailed;
  }
}
