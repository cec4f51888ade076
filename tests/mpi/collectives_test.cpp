// Run under mpirun with 1, 2 and 3 ranks: expected values follow from the rank and the number of
// ranks.
#include "comm/collectives.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "comm/gradient_sync.h"
#include "common/error.h"
#include "mpi/open_ranks.h"
#include "support/skip.h"

namespace helip::comm {
namespace {

struct Ranks {
  std::unique_ptr<Group> group = test::open_ranks();
  Collectives& all = dynamic_cast<Collectives&>(*group);
  int rank = group->rank();
  int size = group->size();
};

at::TensorOptions on_device(at::ScalarType dtype) {
  return at::TensorOptions(test::device()).dtype(dtype);
}

// Values whose float sum depends on the order of the addends.
at::Tensor values_of(int rank, std::int64_t count, at::ScalarType dtype) {
  at::Tensor values = at::empty({count}, at::kDouble);
  auto* data = values.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < count; ++i) {
    data[i] =
        std::sin(static_cast<double>(i * 7 + rank * 13 + 1)) * std::pow(10.0, (i + rank * 3) % 7);
  }
  return values.to(test::device(), dtype);
}

// ((x0 + x1) + x2) + …, one addend after the other; bfloat16 in float32, rounded once.
at::Tensor sum_of_ranks(int size, std::int64_t count, at::ScalarType dtype) {
  const auto wide = dtype == at::kBFloat16 ? at::kFloat : dtype;
  at::Tensor sum = values_of(0, count, dtype).to(wide);
  for (int r = 1; r < size; ++r) sum = sum + values_of(r, count, dtype).to(wide);
  return sum.to(dtype);
}

// The mean over ranks of the values' magnitudes.
at::Tensor size_of_addends(int size, std::int64_t count) {
  at::Tensor sum = values_of(0, count, at::kDouble).abs();
  for (int r = 1; r < size; ++r) sum = sum + values_of(r, count, at::kDouble).abs();
  return sum / size;
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
         std::memcmp(a.cpu().contiguous().const_data_ptr(), b.cpu().contiguous().const_data_ptr(),
                     a.nbytes()) == 0;
}

const at::ScalarType kDtypes[] = {at::kFloat, at::kDouble, at::kBFloat16, at::kInt, at::kLong};

TEST_CASE("all_gather returns the rows of all ranks in rank order") {
  Ranks ranks;
  const at::Tensor mine_BD =
      (at::arange(6, at::kFloat).view({2, 3}) + 100 * ranks.rank).to(test::device());
  const at::Tensor all_MD = ranks.all.all_gather(mine_BD.t().contiguous().t());  // not contiguous
  REQUIRE(all_MD.size(0) == 2 * ranks.size);
  REQUIRE(all_MD.is_contiguous());
  for (int r = 0; r < ranks.size; ++r) {
    const at::Tensor expected_BD = at::arange(6, at::kFloat).view({2, 3}) + 100 * r;
    CHECK(same_bits(all_MD.narrow(0, 2 * r, 2), expected_BD));
  }
}

TEST_CASE("all_reduce_sum adds in rank order, to the bit, whatever the length") {
  Ranks ranks;
  for (const at::ScalarType dtype : kDtypes) {
    for (const std::int64_t count : {1, 2, 5, 4097, 100001}) {
      at::Tensor sum = values_of(ranks.rank, count, dtype);
      ranks.all.all_reduce_sum(sum);
      INFO(c10::toString(dtype) << " " << count);
      CHECK(same_bits(sum, sum_of_ranks(ranks.size, count, dtype)));
    }
  }
}

TEST_CASE("all_reduce_sum of a view that is not contiguous changes that view alone") {
  Ranks ranks;
  at::Tensor table = at::ones({4, 3}, on_device(at::kFloat));
  at::Tensor column = table.select(1, 1);
  ranks.all.all_reduce_sum(column);
  CHECK(at::equal(table.select(1, 1), at::full({4}, ranks.size, on_device(at::kFloat))));
  CHECK(at::equal(table.select(1, 0), at::ones({4}, on_device(at::kFloat))));
}

TEST_CASE("reduce_scatter_sum gives each rank its rows of the sum in rank order") {
  Ranks ranks;
  const std::int64_t rows = 5;
  for (const at::ScalarType dtype : kDtypes) {
    const std::int64_t count = rows * ranks.size * 3;
    const at::Tensor mine_BD =
        ranks.all.reduce_scatter_sum(values_of(ranks.rank, count, dtype).view({-1, 3}));
    const at::Tensor sum_MD = sum_of_ranks(ranks.size, count, dtype).view({-1, 3});
    CHECK(same_bits(mine_BD, sum_MD.narrow(0, rows * ranks.rank, rows)));
  }
}

TEST_CASE("broadcast gives all ranks the tensor and the text of the root") {
  Ranks ranks;
  const int root = ranks.size - 1;
  at::Tensor tensor = at::full({3, 2}, ranks.rank, on_device(at::kDouble)).t();
  ranks.all.broadcast(tensor, root);
  CHECK(at::equal(tensor, at::full({2, 3}, root, on_device(at::kDouble))));
  const std::string long_text(100000, 'x');
  CHECK(ranks.group->broadcast_text(ranks.rank == 0 ? long_text : "something else") == long_text);
  CHECK(ranks.group->broadcast_text(ranks.rank == 0 ? "" : "something else").empty());
  ranks.group->barrier();
}

TEST_CASE("gather_with_grad sends each rank the gradient of all ranks for its rows") {
  Ranks ranks;
  const std::int64_t rows = 4;
  const std::int64_t count = rows * ranks.size * 3;
  at::Tensor mine_BD = values_of(ranks.rank, rows * 3, at::kFloat).view({rows, 3}).requires_grad_();
  const at::Tensor all_MD = gather_with_grad(ranks.all, mine_BD);
  for (int r = 0; r < ranks.size; ++r) {
    CHECK(same_bits(all_MD.detach().narrow(0, rows * r, rows),
                    values_of(r, rows * 3, at::kFloat).view({rows, 3})));
  }
  // d(sum over all of weight · row) / d(row) is the weight; each rank has other weights.
  (all_MD * values_of(ranks.rank, count, at::kFloat).view({-1, 3})).sum().backward();
  const at::Tensor expected_MD = sum_of_ranks(ranks.size, count, at::kFloat).view({-1, 3});
  CHECK(same_bits(mine_BD.grad(), expected_MD.narrow(0, rows * ranks.rank, rows)));
}

TEST_CASE("gather_with_grad agrees with finite differences") {
  Ranks ranks;
  at::Tensor mine_BD = (values_of(ranks.rank, 6, at::kDouble).view({2, 3}) * 1e-6).requires_grad_();
  // A loss of all ranks' rows; the global loss is the sum over ranks.
  const auto share = [&](const at::Tensor& all_MD) {
    return (all_MD.matmul(all_MD.t()) * (1.0 + ranks.rank)).sin().sum();
  };
  share(gather_with_grad(ranks.all, mine_BD)).backward();
  const double step = 1e-5;
  for (int r = 0; r < ranks.size; ++r) {
    for (std::int64_t i = 0; i < 6; ++i) {
      double difference = 0;
      for (const double sign : {1.0, -1.0}) {
        at::Tensor moved_BD = mine_BD.detach().clone();
        if (r == ranks.rank) moved_BD.view({-1})[i] += sign * step;
        at::Tensor total = share(ranks.all.all_gather(moved_BD)).view({1});
        ranks.all.all_reduce_sum(total);
        difference += sign * total.item<double>();
      }
      if (r == ranks.rank) {
        CHECK(mine_BD.grad().view({-1})[i].item<double>() ==
              Approx(difference / (2 * step)).epsilon(1e-6).margin(1e-7));
      }
    }
  }
}

TEST_CASE("GradientSync leaves the mean over ranks, equal to the bit on all ranks and every time") {
  Ranks ranks;
  std::vector<at::Tensor> parameters;
  for (const std::int64_t count : {3, 1000, 420000, 1}) {  // more than one bucket
    parameters.push_back(at::ones({count}, on_device(at::kFloat)).requires_grad_());
  }
  GradientSync sync(ranks.all, parameters);
  std::vector<at::Tensor> first;
  for (int pass = 0; pass < 4; ++pass) {
    for (at::Tensor& parameter : parameters) parameter.mutable_grad() = at::Tensor();
    at::Tensor loss = at::zeros({}, on_device(at::kFloat));
    for (const at::Tensor& parameter : parameters) {
      loss = loss + (parameter * values_of(ranks.rank, parameter.numel(), at::kFloat)).sum();
    }
    sync.prepare(loss);
    loss.backward();
    sync.finish();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const at::Tensor gradient = parameters[i].grad();
      const at::Tensor mean = sum_of_ranks(ranks.size, gradient.numel(), at::kDouble) / ranks.size;
      // Addends of both signs may cancel: each element's error is held against its own addends.
      const at::Tensor error = (gradient.to(at::kDouble) - mean).abs();
      CHECK((error <= 1e-6 * size_of_addends(ranks.size, gradient.numel())).all().item<bool>());
      const at::Tensor all = ranks.all.all_gather(gradient.unsqueeze(0));
      for (int r = 1; r < ranks.size; ++r) CHECK(same_bits(all[r], all[0]));
      if (pass == 0) first.push_back(gradient.clone());
      CHECK(same_bits(gradient, first[i]));
    }
  }
}

TEST_CASE("GradientSync names a parameter without a gradient instead of averaging stale numbers") {
  Ranks ranks;
  if (ranks.size == 1) return test::skip("one rank averages nothing");
  std::vector<at::Tensor> parameters = {at::ones({2}, on_device(at::kFloat)).requires_grad_(),
                                        at::ones({2}, on_device(at::kFloat)).requires_grad_()};
  GradientSync sync(ranks.all, parameters);
  const at::Tensor loss = parameters[1].sum();
  sync.prepare(loss);
  loss.backward();
  CHECK_THROWS_WITH(sync.finish(), Catch::Contains("Expected to have finished reduction"));
}

TEST_CASE("buckets follow the parameters from the last to the first") {
  using Buckets = std::vector<std::vector<std::size_t>>;
  CHECK(fixed_buckets({10, 10, 10, 10, 10}, 10, 25) == Buckets{{4}, {3, 2, 1}, {0}});
  CHECK(fixed_buckets({100, 1, 1}, 2, 50) == Buckets{{2, 1}, {0}});
  CHECK(fixed_buckets({}, 2, 50).empty());
}

TEST_CASE("what cannot be summed or gathered is refused") {
  Ranks ranks;
  if (ranks.size == 1) return test::skip("one rank sums and gathers nothing");
  at::Tensor flags = at::ones({3}, on_device(at::kBool));
  CHECK_THROWS_AS(ranks.all.all_reduce_sum(flags), CommError);
}

}  // namespace
}  // namespace helip::comm
