// NCCL through c10d::ProcessGroupNCCL. Compiled only with HELIP_WITH_CUDA.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#include <nccl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>

#include "comm/backends.h"
#include "comm/collectives.h"
#include "comm/watchdog.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::comm {
namespace {

using c10::intrusive_ptr;
using c10d::ProcessGroupNCCL;
using c10d::Store;
using std::chrono::milliseconds;

// NCCL's and the store's own timeouts are longer than the watchdog's, whose exit code the launcher
// knows.
milliseconds longer_than(double seconds) {
  return milliseconds(static_cast<std::int64_t>(seconds * 2000) + 10000);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) {
    throw CommError(
        {.what = "this machine has no name", .where = "gethostname", .expected = {}, .found = {}});
  }
  return name.data();
}

intrusive_ptr<Store> open_store(const Rendezvous& ranks, double timeout_seconds) {
  if (!ranks.file.empty()) return c10::make_intrusive<c10d::FileStore>(ranks.file, ranks.size);
  if (ranks.size == 1) return c10::make_intrusive<c10d::HashStore>();
  c10d::TCPStoreOptions options;
  options.port = 0;
  options.isServer = ranks.rank == 0;
  options.waitWorkers = false;
  options.timeout = longer_than(timeout_seconds);
  intrusive_ptr<c10d::TCPStore> server;
  std::string address;
  if (ranks.rank == 0) {
    const std::string host = ranks.one_machine ? "127.0.0.1" : host_name();
    server = c10::make_intrusive<c10d::TCPStore>(host, options);
    address = cat(host, ":", server->getPort());
  }
  address = ranks.tell(address);
  if (ranks.rank == 0) return server;
  const std::size_t colon = address.rfind(':');
  const char* end = address.data() + address.size();
  std::uint16_t port = 0;
  if (colon == std::string::npos ||
      std::from_chars(address.data() + colon + 1, end, port).ptr != end) {
    throw CommError({.what = "rank 0 gave no address",
                     .where = "rendezvous for NCCL",
                     .expected = "HOST:PORT",
                     .found = address});
  }
  options.port = port;
  return c10::make_intrusive<c10d::TCPStore>(address.substr(0, colon), options);
}

class NcclCollectives final : public Collectives {
 public:
  NcclCollectives(c10::Device device, Rendezvous ranks, double timeout_seconds)
      : device_(device),
        ranks_(std::move(ranks)),
        watchdog_(timeout_seconds, ranks_.rank, ranks_.size),
        store_(open_store(ranks_, timeout_seconds)),
        gathers_(open_nccl_backend("gathers", timeout_seconds)) {
    if (ranks_.size == 1) return;
    using c10d::ProcessGroup;
    gradient_group_ = c10::make_intrusive<ProcessGroup>(
        c10::make_intrusive<c10d::PrefixStore>("gradient_group", store_), ranks_.rank, ranks_.size);
    gradient_group_->setBackend(c10::DeviceType::CUDA, ProcessGroup::BackendType::NCCL,
                                open_nccl_backend("gradients", timeout_seconds));
    gradient_group_->setDefaultBackend(ProcessGroup::BackendType::NCCL);
    gradient_group_->setGroupName("gradients");
    gradient_group_->setGroupDesc("gradient averaging over NCCL");
  }

  [[nodiscard]] int rank() const override { return ranks_.rank; }
  [[nodiscard]] int size() const override { return ranks_.size; }

  std::string broadcast_text(const std::string& text) override {
    if (ranks_.size == 1) return text;
    const WatchedScope watched(watchdog_, "broadcast of a text");
    const std::string key = cat("text/", texts_++);
    if (ranks_.rank == 0) {
      store_->set(key, std::vector<std::uint8_t>(text.begin(), text.end()));
      return text;
    }
    const std::vector<std::uint8_t> all = store_->get(key);
    return {all.begin(), all.end()};
  }

  void barrier() override {
    at::Tensor nothing = at::zeros({1}, at::TensorOptions().device(device_).dtype(at::kInt));
    all_reduce_sum(nothing);
  }

  at::Tensor all_gather(const at::Tensor& local_BD) override {
    at::Tensor mine_BD = on_device(local_BD).contiguous();
    std::vector<std::int64_t> shape = mine_BD.sizes().vec();
    shape.at(0) *= size();
    at::Tensor all_MD = at::empty(shape, mine_BD.options());
    run("all-gather", [&] { return gathers_->_allgather_base(all_MD, mine_BD); });
    return all_MD;
  }

  void all_reduce_sum(at::Tensor& tensor) override {
    const at::Tensor parts = all_gather(tensor.unsqueeze(0));
    tensor.detach().copy_(sum_in_order(parts));
  }

  void broadcast(at::Tensor& tensor, int root) override {
    at::Tensor all = on_device(tensor).contiguous();
    c10d::BroadcastOptions options;
    options.rootRank = root;
    std::vector<at::Tensor> tensors = {all};
    run("broadcast", [&] { return gathers_->broadcast(tensors, options); });
    if (!all.is_same(tensor)) tensor.detach().copy_(all);
  }

  at::Tensor reduce_scatter_sum(const at::Tensor& global_MD) override {
    at::Tensor addend_MD = on_device(global_MD).contiguous();
    at::Tensor parts_MD = at::empty_like(addend_MD);  // part of rank r for this rank, in rank order
    std::vector<std::int64_t> equal;
    run("reduce-scatter",
        [&] { return gathers_->alltoall_base(parts_MD, addend_MD, equal, equal); });
    std::vector<std::int64_t> shape = addend_MD.sizes().vec();
    shape.at(0) /= size();
    shape.insert(shape.begin(), size());
    return sum_in_order(parts_MD.view(shape));
  }

  c10d::ProcessGroup* gradient_group() override { return gradient_group_.get(); }
  void abandon() override { ranks_.abandon(); }

 private:
  intrusive_ptr<ProcessGroupNCCL> open_nccl_backend(const std::string& name,
                                                    double timeout_seconds) {
    auto options = ProcessGroupNCCL::Options::create();
    options->timeout = longer_than(timeout_seconds);
    auto backend = c10::make_intrusive<ProcessGroupNCCL>(
        c10::make_intrusive<c10d::PrefixStore>(name, store_), ranks_.rank, ranks_.size, options);
    backend->setBoundDeviceId(device_);
    return backend;
  }

  // Starts a collective and waits until the device has finished it: only so does the watchdog see a
  // peer that is gone.
  template <typename Start>
  void run(const char* what, Start start) {
    const WatchedScope watched(watchdog_, what);
    start()->wait();
    c10::cuda::getCurrentCUDAStream(device_.index()).synchronize();
  }

  // parts [W, ...] -> [...]; bfloat16 and float16 are added in float32 and rounded once.
  static at::Tensor sum_in_order(const at::Tensor& parts) {
    const bool narrow = at::isReducedFloatingType(parts.scalar_type());
    const auto wide = narrow ? at::kFloat : parts.scalar_type();
    at::Tensor sum = parts.select(0, 0).to(wide, /*non_blocking=*/false, /*copy=*/true);
    for (std::int64_t r = 1; r < parts.size(0); ++r) sum.add_(parts.select(0, r).to(wide));
    return sum.to(parts.scalar_type());
  }

  at::Tensor on_device(const at::Tensor& tensor) const {
    if (tensor.device() == device_) return tensor.detach();
    throw CommError({.what = "a tensor is not on the device of its rank",
                     .where = "collective over NCCL",
                     .expected = device_.str(),
                     .found = tensor.device().str()});
  }

  const c10::Device device_;
  Rendezvous ranks_;
  Watchdog watchdog_;
  intrusive_ptr<Store> store_;
  intrusive_ptr<ProcessGroupNCCL> gathers_;
  intrusive_ptr<c10d::ProcessGroup> gradient_group_;
  std::uint64_t texts_ = 0;
};

}  // namespace

std::unique_ptr<Group> open_nccl(const std::string& device, double timeout_seconds, int part) {
  std::int64_t index = -1;
  const std::string prefix = "cuda:";
  if (device.starts_with(prefix)) {
    const char* end = device.data() + device.size();
    if (std::from_chars(device.data() + prefix.size(), end, index).ptr != end) index = -1;
  }
  const int count = c10::cuda::device_count();
  if (index < 0 || index >= count) {
    throw ConfigError({.what = "NCCL needs a GPU",
                       .where = "communication backend nccl",
                       .expected = cat("cuda:I with I below the number of GPUs here, ", count),
                       .found = device});
  }
  const auto gpu = static_cast<c10::DeviceIndex>(index);
  c10::cuda::set_device(gpu);
  return std::make_unique<NcclCollectives>(c10::Device(c10::DeviceType::CUDA, gpu),
                                           meet_ranks(timeout_seconds, part), timeout_seconds);
}

std::string nccl_version() {
  int version = 0;
  if (ncclGetVersion(&version) != ncclSuccess) return "unknown";
  return cat(version / 10000, ".", version / 100 % 100, ".", version % 100);
}

}  // namespace helip::comm
