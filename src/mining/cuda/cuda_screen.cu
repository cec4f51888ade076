#include <algorithm>
#include <optional>
#include <utility>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "mining/cuda/candidate_memory.h"
#include "mining/cuda/cuda_lane.h"
#include "mining/cuda/cuda_screen.h"
#include "mining/cuda/device_memory.h"
#include "mining/cuda/screen_kernels.h"

namespace helip::mining {
namespace {

using namespace cuda;

// One is screened while the host rescores the other.
constexpr std::uint64_t kLanes = 2;
// A streamed block is copied in a few milliseconds; more rows would only take page-locked memory.
constexpr std::uint64_t kMostBlockRows = 65536;
constexpr std::uint64_t kLeastBlockRows = 128;

void expect_device(int device) {
  const std::vector<int> usable = cuda_screen_devices().usable;
  if (std::find(usable.begin(), usable.end(), device) != usable.end()) return;
  throw ConfigError({.what = "no such GPU to mine on",
                     .where = "launcher.device",
                     .expected = "a device of compute capability 8.0 or higher",
                     .found = cat("cuda:", device)});
}

bool succeeded(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return true;
  log::warning(cat("CUDA failed: ", call, ": ", cudaGetErrorString(code)));
  // It must not come up at a later call.
  cudaGetLastError();
  return false;
}

std::uint64_t memory_of(const CudaScreenOptions& options) {
  if (options.memory > 0) return options.memory;
  std::size_t free = 0;
  std::size_t total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return free / 10 * 9;
}

class CudaScreen final : public ScreenDevice {
 public:
  CudaScreen(const MiningData& data, const MinerOptions& options, const ScreenSizes& sizes,
             const CudaScreenOptions& cuda)
      : job_(data, options, sizes), device_(cuda.device) {
    expect_device(device_);
    const CurrentDevice current(device_);
    prepare_scan();
    const std::uint64_t memory = memory_of(cuda);
    const std::uint64_t for_lanes = kLanes * CudaLane::bytes(job_);
    const std::uint64_t left = memory > for_lanes ? memory - for_lanes : 0;
    if (left >= job_.pairs() * candidate_bytes(job_)) {
      const Stream stream;
      resident_.emplace(job_, job_.pairs());
      resident_->load(
          job_.candidates(0, job_.pairs()),
          [&](auto* to, const auto* from, std::size_t size) { copy(to, from, size, stream); });
      stream.synchronize();
      return;
    }
    block_rows_ = std::min(left / (2 * kLanes * candidate_bytes(job_)), kMostBlockRows);
    if (block_rows_ < kLeastBlockRows) {
      throw Error({.what = "too little memory on the GPU to mine",
                   .where = cat("cuda:", device_),
                   .expected = cat("more than ", for_lanes >> 20, " MiB"),
                   .found = cat(memory >> 20, " MiB")});
    }
  }

  [[nodiscard]] ScreenSizes sizes() const override { return job_.sizes; }

  std::vector<std::unique_ptr<ScreenLane>> lanes() override {
    const CurrentDevice current(device_);
    std::vector<std::unique_ptr<ScreenLane>> all;
    for (std::uint64_t i = 0; i < kLanes; ++i) {
      std::unique_ptr<CandidateSource> source;
      if (resident_) {
        source = std::make_unique<ResidentCandidates>(*resident_);
      } else {
        source = std::make_unique<StreamedCandidates>(job_, block_rows_);
      }
      all.push_back(std::make_unique<CudaLane>(job_, device_, std::move(source)));
    }
    return all;
  }

 private:
  ScreenJob job_;
  int device_;
  std::optional<CandidateBuffer<DeviceArray>> resident_;
  std::uint64_t block_rows_ = 0;  // where not all are resident
};

}  // namespace

CudaDevices cuda_screen_devices() {
  int count = 0;
  if (!succeeded(cudaGetDeviceCount(&count), "cudaGetDeviceCount")) return {{}, "no CUDA device"};
  CudaDevices devices;
  for (int device = 0; device < count; ++device) {
    int major = 0;
    if (succeeded(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device),
                  "cudaDeviceGetAttribute") &&
        major >= 8) {
      devices.usable.push_back(device);
    }
  }
  if (devices.usable.empty()) {
    devices.why_none = cat("none of ", count, " CUDA devices has compute capability 8.0 or higher");
  }
  return devices;
}

std::unique_ptr<ScreenDevice> make_cuda_screen(const MiningData& data, const MinerOptions& options,
                                               const ScreenSizes& sizes,
                                               const CudaScreenOptions& cuda) {
  return std::make_unique<CudaScreen>(data, options, sizes, cuda);
}

}  // namespace helip::mining
