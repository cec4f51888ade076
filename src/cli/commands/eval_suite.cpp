#include "cli/commands/eval_suite.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <thread>
#include <utility>
#include <vector>

#include "cli/commands/eval_outputs.h"
#include "cli/print.h"
#include "cli/progress_line.h"
#include "common/error.h"
#include "common/output_place.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "common/text.h"
#include "common/threads/mutex.h"
#include "common/threads/ordered_parallel.h"
#include "config/parse_suite.h"
#include "engine/engine.h"
#include "eval/eval_dataset_check.h"
#include "report/suite_table.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

// Takes the data sets that are not there out of the suite and returns their names.
std::vector<std::string> take_missing(config::SuiteConfig& suite, const SuiteArguments& arguments) {
  std::vector<std::string> names;
  std::string list;
  auto& datasets = suite.eval.datasets;
  const std::size_t all = datasets.size();
  std::erase_if(datasets, [&](const config::EvalDataset& dataset) {
    if (is_folder(dataset.path)) return false;
    names.push_back(dataset.name);
    const std::string from = dataset.source.empty() ? "" : ", from " + dataset.source;
    list += cat(list.empty() ? "" : "; ", dataset.name, " (", dataset.path, from, ")");
    return true;
  });
  if (names.empty() || (arguments.skip_missing && !datasets.empty())) return names;
  throw ConfigError(
      {.what = cat(names.size(), " of ", all, " data sets of the suite are not there"),
       .where = arguments.file,
       .expected = datasets.empty() ? "folders; --data-root says where they are"
                                    : "folders, or --skip-missing",
       .found = list});
}

void check_datasets(const config::SuiteConfig& suite) {
  for (const config::EvalDataset& dataset : suite.eval.datasets) {
    static_cast<void>(eval::check_dataset(dataset));
  }
}

// The devices of the workers, one each.
std::vector<std::string> worker_devices(const SuiteArguments& arguments, const std::string& device,
                                        std::size_t datasets) {
  if (device == "cuda") {
    const int there = engine::engine().info().cuda_devices;
    const auto wanted =
        arguments.workers == 0 ? static_cast<std::size_t>(there) : arguments.workers;
    if (wanted == 0 || wanted > static_cast<std::size_t>(there)) {
      throw ConfigError({.what = "no GPU for each worker",
                         .where = "--device cuda",
                         .expected = cat(std::max<std::size_t>(wanted, 1), " GPUs"),
                         .found = cat(there)});
    }
    std::vector<std::string> devices;
    for (std::size_t i = 0; i < wanted; ++i) devices.push_back(cat("cuda:", i));
    return devices;
  }
  std::size_t workers = arguments.workers;
  if (workers == 0) {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    workers = device == "cpu" ? std::max(1U, cores / arguments.threads) : 1;
  }
  return std::vector<std::string>(std::min(workers, datasets), device);
}

// Devices that workers take and give back.
class DevicePool {
 public:
  explicit DevicePool(std::vector<std::string> devices) : free_(std::move(devices)) {}

  // Calls use(device) with a device that nobody else uses meanwhile. Precondition: there are as
  // many devices as threads.
  template <typename Use>
  auto with_device(const Use& use) {
    struct Lease {
      DevicePool& pool;
      std::string device;
      ~Lease() { pool.give_back(device); }
    };
    const Lease lease{*this, take()};
    return use(lease.device);
  }

 private:
  std::string take() {
    const MutexLock lock(mutex_);
    std::string device = std::move(free_.back());
    free_.pop_back();
    return device;
  }
  void give_back(const std::string& device) {
    const MutexLock lock(mutex_);
    free_.push_back(device);
  }

  Mutex mutex_;
  std::vector<std::string> free_ HELIP_GUARDED_BY(mutex_);
};

}  // namespace

void evaluate_suite(const SuiteArguments& arguments, const eval::EvalSpec& common) {
  const fs::path file = fs::absolute(arguments.file);
  config::SuiteConfig suite = config::load_suite(
      file, arguments.data_root.empty() ? file.parent_path() : fs::path(arguments.data_root));
  report::SuiteReport report = {.model = common.model.name,
                                .pretrained = common.pretrained,
                                .results = {},
                                .left_out = take_missing(suite, arguments),
                                .averages = suite.averages};
  check_datasets(suite);
  if (!arguments.out.empty()) check_outputs(arguments.out, common, suite.eval.datasets);

  const auto& datasets = suite.eval.datasets;
  const std::vector<std::string> devices =
      worker_devices(arguments, common.device, datasets.size());
  const engine::Engine& engine = engine::engine();
  DevicePool pool(devices);
  const auto score = [&](std::uint64_t i) {
    return pool.with_device([&](const std::string& device) {
      eval::EvalSpec spec = common;
      spec.dataset = datasets[i];
      spec.options = suite.eval;
      spec.device = device;
      engine.set_threads(static_cast<int>(arguments.threads));  // of this thread
      return engine.run_eval_job(spec, {});
    });
  };
  {
    ProgressLine progress("evaluation", "data sets");
    ordered_parallel(datasets.size(), static_cast<unsigned>(devices.size()), datasets.size(), score,
                     [&](std::uint64_t i, std::vector<eval::EvalResult> results) {
                       if (!arguments.out.empty()) write_outputs(arguments.out, results);
                       for (auto& result : results) report.results.push_back(std::move(result));
                       progress(i + 1, datasets.size());
                     });
  }
  if (arguments.json_file == "-") {
    std::cout << report::to_json(report);
    return;
  }
  if (!arguments.json_file.empty()) publish_file(arguments.json_file, report::to_json(report));
  print_lines(report::to_text(report));
}

}  // namespace helip::cli
