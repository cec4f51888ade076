#include <catch2/catch.hpp>
#include <cstdlib>

#include "comm/backends.h"
#include "comm/group.h"
#include "common/error.h"

namespace helip::comm {
namespace {

TEST_CASE("a local group is one rank") {
  const auto group = open_group("local", "cpu", 10);
  CHECK(group->rank() == 0);
  CHECK(group->size() == 1);
  CHECK(group->broadcast_text("a text") == "a text");
  group->barrier();
}

TEST_CASE("an unknown backend and a timeout that is not positive are refused") {
  CHECK_THROWS_AS(open_group("gloo", "cpu", 10), ConfigError);
  CHECK_THROWS_WITH(open_group("gloo", "cpu", 10), Catch::Contains("local, mpi or nccl"));
  CHECK_THROWS_WITH(open_group("local", "cpu", 0),
                    Catch::Contains("train.collective_timeout_seconds"));
}

TEST_CASE("nccl without a GPU is a configuration error that says so") {
  CHECK_THROWS_AS(open_group("nccl", "cpu", 10), ConfigError);
  CHECK_THROWS_WITH(open_group("nccl", "cpu", 10), Catch::Contains("NCCL"));
}

TEST_CASE("mpi refuses a GPU, or says that this build has no MPI") {
  CHECK_THROWS_AS(open_group("mpi", "cuda:0", 10), ConfigError);
  CHECK_THROWS_WITH(open_group("mpi", "cuda:0", 10), Catch::Contains("mpi"));
}

}  // namespace
}  // namespace helip::comm
