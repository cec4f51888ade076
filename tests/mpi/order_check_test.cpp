// Run under mpirun with 2 ranks.
#include <array>
#include <catch2/catch.hpp>

#include "comm/mpi_world.h"
#include "common/error.h"

namespace helip::comm {
namespace {

TEST_CASE("ranks that run different collectives are told so, and can go on") {
  MpiWorld world({.timeout_seconds = 30, .check_order = true});
  REQUIRE(world.size() == 2);
  CHECK(world.local_size() == 2);
  CHECK(world.local_rank() == world.rank());
  std::array<double, 2> all{};
  const double mine = world.rank() + 1;
  const auto gather = [&](MpiWorld::Completion done) {
    world.all_gather(Channel::kGathers, &mine, sizeof(mine), all.data(), std::move(done));
  };
  const auto barrier = [&](MpiWorld::Completion done) {
    world.barrier(Channel::kGathers, std::move(done));
  };
  run_and_wait(gather);
  CHECK(all == std::array<double, 2>{1, 2});
  const auto run_other = [&] { world.rank() == 0 ? run_and_wait(gather) : run_and_wait(barrier); };
  CHECK_THROWS_AS(run_other(), CommError);
  CHECK_THROWS_WITH(run_other(), Catch::Contains("all-gather of 8 bytes as number 2") &&
                                     Catch::Contains("barrier as number 2"));
  run_and_wait(barrier);
}

TEST_CASE("the channels are independent: their order may differ between ranks") {
  MpiWorld world({.timeout_seconds = 30, .check_order = true});
  double sum = world.rank() + 1;
  for (int round = 0; round < 20; ++round) {
    double number = sum;
    const auto reduce = [&](MpiWorld::Completion done) {
      world.all_reduce_sum(Channel::kGradients, Number::kF64, &number, 1, std::move(done));
    };
    const auto barrier = [&](MpiWorld::Completion done) {
      world.barrier(Channel::kGathers, std::move(done));
    };
    // Rank 0 cannot start its second collective before the first has ended; rank 1 submits both at
    // once, the other way round.
    if (world.rank() == 0) {
      run_and_wait(reduce);
      run_and_wait(barrier);
    } else {
      run_and_wait([&](const MpiWorld::Completion& both) {
        barrier([](const std::exception_ptr&) {});
        reduce(both);
      });
    }
    CHECK(number == 3);
  }
  run_and_wait([&](auto done) { world.barrier(Channel::kGathers, std::move(done)); });
}

TEST_CASE("a process has one MPI group at a time") {
  const MpiWorld world({.timeout_seconds = 30});
  CHECK_THROWS_AS(MpiWorld({.timeout_seconds = 30}), CommError);
}

}  // namespace
}  // namespace helip::comm
