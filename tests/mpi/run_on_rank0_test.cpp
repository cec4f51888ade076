// Run under mpirun with 1 rank and more.
#include "comm/run_on_rank0.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "common/error.h"
#include "mpi/open_ranks.h"

namespace helip::comm {
namespace {

const Problem kProblem = {.what = "a bad value: 7;\n\x01",
                          .where = "file:1",
                          .expected = "",
                          .found = std::string(700, '9')};

// Runs a task that throws `error` on rank 0. Returns the line of what this rank catches as a
// `Caught`; an error of another kind passes.
template <typename Caught, typename Thrown>
std::string line_everywhere(Group& ranks, const Thrown& error) {
  for (const bool in_thread : {false, true}) {
    std::string line;
    try {
      const auto fail = [&]() -> std::string { throw error; };
      if (in_thread) {
        run_on_rank0(ranks, 10.0, fail);
      } else {
        run_on_rank0(ranks, fail);
      }
    } catch (const Caught& caught) {
      line = line_of(caught);
    }
    if (in_thread) return line;
    CHECK(line == line_of(error));
  }
  return {};
}

TEST_CASE("all ranks get the text of rank 0, whatever bytes it has") {
  const auto ranks = test::open_ranks();
  const std::string text = std::string("a\0b\n-", 5) + std::to_string(ranks->size());
  int calls = 0;
  const auto task = [&] {
    ++calls;
    return text;
  };
  CHECK(run_on_rank0(*ranks, task) == text);
  CHECK(run_on_rank0(*ranks, [] { return std::string(); }).empty());
  CHECK(calls == (ranks->rank() == 0 ? 1 : 0));
}

// Counts what rank 0 says to the others.
class CountingGroup final : public Group {
 public:
  explicit CountingGroup(Group& ranks) : ranks_(ranks) {}
  [[nodiscard]] int rank() const override { return ranks_.rank(); }
  [[nodiscard]] int size() const override { return ranks_.size(); }
  std::string broadcast_text(const std::string& text) override {
    std::string answer = ranks_.broadcast_text(text);
    ++said;
    said.notify_all();
    return answer;
  }
  void barrier() override { ranks_.barrier(); }

  std::atomic<int> said = 0;

 private:
  Group& ranks_;
};

TEST_CASE("while a task of rank 0 takes long, rank 0 says again and again that it is at work") {
  const auto ranks = test::open_ranks();
  CountingGroup counting(*ranks);
  const auto task = [&]() -> std::string {
    for (int said = 0; said < 3; said = counting.said) counting.said.wait(said);
    return "done at last";
  };
  CHECK(run_on_rank0(counting, 0.001, task) == "done at last");
  CHECK(counting.said >= 4);
}

TEST_CASE("an error of rank 0 is of its kind and has its line on all ranks") {
  const auto ranks = test::open_ranks();
  CHECK(line_everywhere<ConfigError>(*ranks, ConfigError(kProblem)) == to_line(kProblem));
  CHECK(line_everywhere<DataError>(*ranks, DataError(kProblem)) == to_line(kProblem));
  CHECK(line_everywhere<StoreError>(*ranks, StoreError(kProblem)) == to_line(kProblem));
  CHECK(line_everywhere<CommError>(*ranks, CommError(kProblem)) == to_line(kProblem));
  CHECK(line_everywhere<Error>(*ranks, Error(kProblem)) == to_line(kProblem));
}

TEST_CASE("an error that is not ours keeps its line and is of no kind on the other ranks") {
  const auto ranks = test::open_ranks();
  const std::filesystem::filesystem_error full("filesystem error: cannot rename", "/a",
                                               std::make_error_code(std::errc::no_space_on_device));
  const auto check = [&](const auto& error) {
    try {
      run_on_rank0(*ranks, [&]() -> std::string { throw error; });
      FAIL("nothing was thrown");
    } catch (const std::exception& caught) {
      CHECK(line_of(caught) == line_of(error));
      CHECK((dynamic_cast<const Error*>(&caught) != nullptr) == (ranks->rank() != 0));
      CHECK(dynamic_cast<const StoreError*>(&caught) == nullptr);
    }
  };
  check(full);
  check(std::bad_alloc());
  check(std::runtime_error("broken"));
  // The ranks still go hand in hand.
  CHECK(run_on_rank0(*ranks, [] { return std::string("on"); }) == "on");
}

}  // namespace
}  // namespace helip::comm
