#include "common/threads/prefetcher.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>

namespace helip::data {
namespace {

TEST_CASE("items come in order, made at most the given number ahead") {
  std::atomic<std::uint64_t> made = 0;
  Prefetcher<std::unique_ptr<std::uint64_t>> prefetcher(100, 3, [&](std::uint64_t i) {
    ++made;
    return std::make_unique<std::uint64_t>(i * i);
  });
  for (std::uint64_t i = 0; i < 100; ++i) {
    CHECK(*prefetcher.next() == i * i);
    // Taken, in the queue, and one that waits for room.
    CHECK(made <= i + 1 + 3 + 1);
  }
  CHECK(made == 100);
}

TEST_CASE("an exception comes out where its item would") {
  Prefetcher<int> prefetcher(10, 4, [](std::uint64_t i) {
    if (i == 2) throw std::runtime_error("third");
    return static_cast<int>(i);
  });
  CHECK(prefetcher.next() == 0);
  CHECK(prefetcher.next() == 1);
  CHECK_THROWS_WITH(prefetcher.next(), "third");
}

TEST_CASE("a prefetcher that is left early ends its thread") {
  std::atomic<std::uint64_t> made = 0;
  {
    Prefetcher<int> prefetcher(1'000'000, 2, [&](std::uint64_t) {
      ++made;
      return 1;
    });
    CHECK(prefetcher.next() == 1);
  }
  CHECK(made <= 5);
}

}  // namespace
}  // namespace helip::data
