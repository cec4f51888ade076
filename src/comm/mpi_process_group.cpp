#include "comm/mpi_process_group.h"

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <utility>
#include <vector>

#include "comm/mpi_numbers.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::comm {
namespace {

using c10::intrusive_ptr;
using c10d::Work;

// A collective under way; its future holds the tensors when it is done.
class MpiWork final : public Work {
 public:
  MpiWork(int rank, c10d::OpType type, std::vector<at::Tensor> tensors)
      : Work(rank, type),
        tensors_(std::move(tensors)),
        future_(c10::make_intrusive<c10::ivalue::Future>(
            c10::ListType::create(c10::TensorType::get()))) {}

  void end(const std::exception_ptr& problem) {
    if (problem) {
      future_->setError(problem);
    } else {
      future_->markCompleted(c10::IValue(tensors_));
    }
    finish(problem);
  }

  std::vector<at::Tensor> result() override { return tensors_; }
  intrusive_ptr<c10::ivalue::Future> getFuture() override { return future_; }

 private:
  std::vector<at::Tensor> tensors_;
  intrusive_ptr<c10::ivalue::Future> future_;
};

class MpiBackend final : public c10d::Backend {
 public:
  explicit MpiBackend(MpiWorld& world) : Backend(world.rank(), world.size()), world_(world) {}

  const std::string getBackendName() const override { return "helip_mpi"; }

  intrusive_ptr<Work> allreduce(std::vector<at::Tensor>& tensors,
                                const c10d::AllreduceOptions& options) override {
    at::Tensor& tensor = only(tensors);
    if (options.reduceOp != c10d::ReduceOp::SUM) refuse("all-reduce other than a sum");
    auto work = c10::make_intrusive<MpiWork>(rank_, c10d::OpType::ALLREDUCE, tensors);
    world_.all_reduce_sum(Channel::kGradients, number_of(tensor.scalar_type()), tensor.data_ptr(),
                          static_cast<std::size_t>(tensor.numel()), ender(work));
    return work;
  }

  intrusive_ptr<Work> broadcast(std::vector<at::Tensor>& tensors,
                                const c10d::BroadcastOptions& options) override {
    at::Tensor& tensor = only(tensors);
    auto work = c10::make_intrusive<MpiWork>(rank_, c10d::OpType::BROADCAST, tensors);
    world_.broadcast(Channel::kGradients, tensor.data_ptr(), tensor.nbytes(),
                     static_cast<int>(options.rootRank), ender(work));
    return work;
  }

  intrusive_ptr<Work> barrier(const c10d::BarrierOptions& /*options*/) override {
    auto work =
        c10::make_intrusive<MpiWork>(rank_, c10d::OpType::BARRIER, std::vector<at::Tensor>());
    world_.barrier(Channel::kGradients, ender(work));
    return work;
  }

 private:
  static MpiWorld::Completion ender(intrusive_ptr<MpiWork> work) {
    return [work = std::move(work)](const std::exception_ptr& problem) { work->end(problem); };
  }

  static at::Tensor& only(std::vector<at::Tensor>& tensors) {
    if (tensors.size() != 1) refuse(cat("a collective of ", tensors.size(), " tensors"));
    if (!tensors[0].is_contiguous() || !tensors[0].is_cpu()) {
      refuse("a tensor that is not contiguous in CPU memory");
    }
    return tensors[0];
  }

  [[noreturn]] static void refuse(const std::string& found) {
    throw CommError({.what = "the MPI process group was asked for what it does not do",
                     .where = "gradient averaging",
                     .expected = "one contiguous CPU tensor, summed",
                     .found = found});
  }

  MpiWorld& world_;
};

}  // namespace

c10::intrusive_ptr<c10d::ProcessGroup> make_mpi_process_group(MpiWorld& world) {
  using c10d::ProcessGroup;
  auto group = c10::make_intrusive<ProcessGroup>(c10::intrusive_ptr<c10d::Store>(), world.rank(),
                                                 world.size());
  group->setBackend(c10::DeviceType::CPU, ProcessGroup::BackendType::CUSTOM,
                    c10::make_intrusive<MpiBackend>(world));
  group->setDefaultBackend(ProcessGroup::BackendType::CUSTOM);
  group->setGroupName("gradients");
  group->setGroupDesc("gradient averaging over MPI");
  return group;
}

}  // namespace helip::comm
