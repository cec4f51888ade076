// The engine (LibTorch) behind one table of functions. Programs load libhelip_engine.so on first
// use, so that `helip --help` and `helip status` start without it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "comm/group.h"
#include "eval/eval_job.h"
#include "mining/encode/encode_job.h"
#include "train/train_job.h"

namespace helip::engine {

struct EngineInfo {
  std::string libtorch_version;
  bool cuda_built = false;
  int cuda_devices = 0;
  std::string nccl_version;  // empty without NCCL
  std::string cpu_capability;
};

// The library's functions. Each is the function of its name (comm/group.h, encode_job.h,
// train_job.h, eval_job.h), except the first two: set_threads sets the number of LibTorch's threads
// and makes LibTorch deterministic, info returns what the library was built with and what this
// machine has.
struct Engine {
  void (*set_threads)(int threads);
  EngineInfo (*info)();
  std::unique_ptr<comm::Group> (*open_group)(const std::string& backend, const std::string& device,
                                             double timeout_seconds, int part);
  std::unique_ptr<mining::EncodeSession> (*open_encode_session)(
      const mining::EncodeConfig& config, const std::filesystem::path& corpus_folder,
      const std::filesystem::path& feature_cache, const std::string& device);
  train::TrainReport (*run_train_job)(const train::TrainSpec& spec, comm::Group& ranks,
                                      const train::TrainCallbacks& callbacks);
  std::vector<eval::EvalResult> (*run_eval_job)(
      const eval::EvalSpec& spec,
      const std::function<void(std::uint64_t, std::uint64_t)>& progress);
};

inline constexpr const char* kEngineSymbol = "helip_engine_table";

// Returns the functions of ../lib/libhelip_engine.so beside the program's folder; loads it on the
// first call. Any thread. Throws Error if it cannot be loaded.
const Engine& engine();

}  // namespace helip::engine
