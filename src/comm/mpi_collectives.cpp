#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <utility>

#include "comm/backends.h"
#include "comm/collectives.h"
#include "comm/mpi_numbers.h"
#include "comm/mpi_process_group.h"
#include "comm/mpi_world.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::comm {
namespace {

#ifdef NDEBUG
constexpr bool kCheckOrder = false;
#else
constexpr bool kCheckOrder = true;
#endif

class MpiCollectives final : public Collectives {
 public:
  MpiCollectives(double timeout_seconds, int part)
      : world_({.timeout_seconds = timeout_seconds, .check_order = kCheckOrder, .part = part}) {
    if (world_.size() > 1) gradient_group_ = make_mpi_process_group(world_);
  }

  [[nodiscard]] int rank() const override { return world_.rank(); }
  [[nodiscard]] int size() const override { return world_.size(); }

  std::string broadcast_text(const std::string& text) override {
    return world_.broadcast_text(text);
  }

  void barrier() override {
    run_and_wait([&](auto done) { world_.barrier(Channel::kGathers, std::move(done)); });
  }

  at::Tensor all_gather(const at::Tensor& local_BD) override {
    const at::Tensor mine_BD = on_cpu(local_BD).contiguous();
    std::vector<std::int64_t> shape = mine_BD.sizes().vec();
    shape.at(0) *= size();
    at::Tensor all_MD = at::empty(shape, mine_BD.options());
    run_and_wait([&](auto done) {
      world_.all_gather(Channel::kGathers, mine_BD.const_data_ptr(), mine_BD.nbytes(),
                        all_MD.mutable_data_ptr(), std::move(done));
    });
    return all_MD;
  }

  void all_reduce_sum(at::Tensor& tensor) override {
    at::Tensor sum = on_cpu(tensor).contiguous();
    run_and_wait([&](auto done) {
      world_.all_reduce_sum(Channel::kGathers, number_of(sum.scalar_type()), sum.mutable_data_ptr(),
                            static_cast<std::size_t>(sum.numel()), std::move(done));
    });
    if (!sum.is_same(tensor)) tensor.detach().copy_(sum);
  }

  void broadcast(at::Tensor& tensor, int root) override {
    at::Tensor all = on_cpu(tensor).contiguous();
    run_and_wait([&](auto done) {
      world_.broadcast(Channel::kGathers, all.mutable_data_ptr(), all.nbytes(), root,
                       std::move(done));
    });
    if (!all.is_same(tensor)) tensor.detach().copy_(all);
  }

  at::Tensor reduce_scatter_sum(const at::Tensor& global_MD) override {
    const at::Tensor addend_MD = on_cpu(global_MD).contiguous();
    std::vector<std::int64_t> shape = addend_MD.sizes().vec();
    shape.at(0) /= size();
    at::Tensor mine_BD = at::empty(shape, addend_MD.options());
    run_and_wait([&](auto done) {
      world_.reduce_scatter_sum(
          Channel::kGathers, number_of(addend_MD.scalar_type()), addend_MD.const_data_ptr(),
          static_cast<std::size_t>(mine_BD.numel()), mine_BD.mutable_data_ptr(), std::move(done));
    });
    return mine_BD;
  }

  c10d::ProcessGroup* gradient_group() override { return gradient_group_.get(); }
  void abandon() override { MpiWorld::abandon(); }

 private:
  static at::Tensor on_cpu(const at::Tensor& tensor) {
    if (tensor.is_cpu()) return tensor.detach();
    throw CommError({.what = "a tensor is not in CPU memory",
                     .where = "collective over MPI",
                     .expected = "cpu",
                     .found = tensor.device().str()});
  }

  MpiWorld world_;
  c10::intrusive_ptr<c10d::ProcessGroup> gradient_group_;
};

}  // namespace

Number number_of(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::ScalarType::Float:
      return Number::kF32;
    case c10::ScalarType::Double:
      return Number::kF64;
    case c10::ScalarType::BFloat16:
      return Number::kBF16;
    case c10::ScalarType::Int:
      return Number::kI32;
    case c10::ScalarType::Long:
      return Number::kI64;
    default:
      throw CommError({.what = "a sum over ranks does not know this dtype",
                       .where = "collective over MPI",
                       .expected = "float32, float64, bfloat16, int32 or int64",
                       .found = c10::toString(dtype)});
  }
}

std::unique_ptr<Group> open_mpi(const std::string& device, double timeout_seconds, int part) {
  if (device != "cpu") {
    throw ConfigError({.what = "MPI gathers tensors of the CPU alone",
                       .where = "communication backend mpi",
                       .expected = "device cpu (nccl for GPUs)",
                       .found = device});
  }
  return std::make_unique<MpiCollectives>(timeout_seconds, part);
}

}  // namespace helip::comm
