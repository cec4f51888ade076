#include "common/threads/ordered_parallel.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <vector>

namespace helip::data {
namespace {

std::size_t threads_of_this_process() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

TEST_CASE("no more threads are begun than there are items") {
  const std::size_t before = threads_of_this_process();
  for (const std::uint64_t count : {0, 1, 3}) {
    std::vector<std::size_t> seen;
    ordered_parallel(
        count, 64, 128, [](std::uint64_t) { return threads_of_this_process(); },
        [&](std::uint64_t i, std::size_t threads) {
          CHECK(i == seen.size());
          seen.push_back(threads);
        });
    CHECK(seen.size() == count);
    for (const std::size_t threads : seen) CHECK(threads <= before + count);
  }
}

}  // namespace
}  // namespace helip::data
