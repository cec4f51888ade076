#include "mining/kernels/parallel.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <stdexcept>
#include <vector>

using helip::mining::for_each_index;

TEST_CASE("each index is worked on exactly once for any number of threads") {
  for (const std::uint32_t threads : {1U, 2U, 3U, 16U}) {
    for (const std::uint64_t count : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> seen(count);
      for_each_index(count, threads, [&](std::uint64_t i) { ++seen[i]; });
      for (const auto& times : seen) CHECK(times == 1);
    }
  }
}

TEST_CASE("an exception reaches the caller and ends the loop") {
  for (const std::uint32_t threads : {1U, 4U}) {
    std::atomic<std::uint64_t> done = 0;
    CHECK_THROWS_WITH(for_each_index(1'000'000, threads,
                                     [&](std::uint64_t i) {
                                       if (i == 10) throw std::runtime_error("ten");
                                       ++done;
                                     }),
                      "ten");
    CHECK(done < 1'000'000);
  }
}
