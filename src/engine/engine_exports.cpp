#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "engine/engine.h"

namespace helip::engine {
namespace {

void set_threads(int threads) {
  at::set_num_threads(threads);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
}

EngineInfo info() {
  EngineInfo result;
  result.libtorch_version = TORCH_VERSION;
  result.cuda_built = at::globalContext().hasCUDA();
  result.cuda_devices =
      result.cuda_built
          ? static_cast<int>(
                at::globalContext().getAcceleratorHooksInterface(at::kCUDA).deviceCount())
          : 0;
  result.nccl_version = comm::nccl_version();
  result.cpu_capability = at::get_cpu_capability();
  return result;
}

constexpr Engine kEngine = {
    .set_threads = set_threads,
    .info = info,
    .open_group = comm::open_group,
    .open_encode_session = mining::open_encode_session,
    .run_train_job = train::run_train_job,
    .run_eval_job = eval::run_eval_job,
};

}  // namespace
}  // namespace helip::engine

extern "C" __attribute__((visibility("default"))) const helip::engine::Engine*
helip_engine_table() {
  return &helip::engine::kEngine;
}
