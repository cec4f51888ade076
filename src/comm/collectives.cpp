#include "comm/collectives.h"

#include <torch/csrc/autograd/custom_function.h>

#include "comm/backends.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::comm {
namespace {

// One rank: gathers are copies, sums are done.
class LocalCollectives final : public Collectives {
 public:
  [[nodiscard]] int rank() const override { return 0; }
  [[nodiscard]] int size() const override { return 1; }
  std::string broadcast_text(const std::string& text) override { return text; }
  void barrier() override {}
  at::Tensor all_gather(const at::Tensor& local_BD) override {
    return local_BD.detach().clone(at::MemoryFormat::Contiguous);
  }
  void all_reduce_sum(at::Tensor& /*tensor*/) override {}
  void broadcast(at::Tensor& /*tensor*/, int root) override {
    if (root != 0) {
      throw CommError({.what = "broadcast from a rank that is not there",
                       .where = "local group",
                       .expected = "root 0",
                       .found = cat("root ", root)});
    }
  }
  at::Tensor reduce_scatter_sum(const at::Tensor& global_MD) override {
    return global_MD.detach().clone(at::MemoryFormat::Contiguous);
  }
};

class GatherWithGrad : public torch::autograd::Function<GatherWithGrad> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& local_BD,
                            Collectives* ranks) {
    context->saved_data["ranks"] =
        static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(ranks));
    return ranks->all_gather(local_BD);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    auto* ranks = reinterpret_cast<Collectives*>(
        static_cast<std::intptr_t>(context->saved_data["ranks"].toInt()));
    return {ranks->reduce_scatter_sum(gradients[0]), at::Tensor()};
  }
};

}  // namespace

at::Tensor Collectives::reduce_scatter_sum(const at::Tensor& global_MD) {
  at::Tensor sum_MD = global_MD.detach().clone(at::MemoryFormat::Contiguous);
  all_reduce_sum(sum_MD);
  const std::int64_t rows = sum_MD.size(0) / size();
  return sum_MD.narrow(0, rank() * rows, rows).contiguous();
}

at::Tensor gather_with_grad(Collectives& ranks, const at::Tensor& local_BD) {
  if (ranks.size() == 1) return local_BD;
  return GatherWithGrad::apply(local_BD, &ranks);
}

std::unique_ptr<Group> open_local() { return std::make_unique<LocalCollectives>(); }

}  // namespace helip::comm
