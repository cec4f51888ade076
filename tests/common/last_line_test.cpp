#include "common/last_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "support/temporary_folder.h"
#include "support/terminal.h"

using namespace helip;
using Catch::Matchers::EndsWith;
using Lines = std::vector<std::string>;

namespace {

constexpr int kThreads = 4;
constexpr int kLinesEach = 25;

// Returns when all have ended; `meanwhile` runs on this thread.
template <typename Meanwhile>
void log_from_threads(const Meanwhile& meanwhile) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([thread] {
      for (int i = 0; i < kLinesEach; ++i) log::info(cat("thread ", thread, " line ", i, "."));
    });
  }
  meanwhile();
}

// Each line of each thread is there once, whole, and they are in the thread's order.
void check_logged(const Lines& lines) {
  REQUIRE(lines.size() == kThreads * kLinesEach);
  std::vector<int> next(kThreads, 0);
  for (const std::string& line : lines) {
    int thread = 0;
    const auto is_next = [&](int t) {
      return line.ends_with(cat("| thread ", t, " line ", next[static_cast<std::size_t>(t)], "."));
    };
    while (thread < kThreads && !is_next(thread)) ++thread;
    CAPTURE(line);
    REQUIRE(thread < kThreads);
    CHECK(std::count(line.begin(), line.end(), '|') ==
          std::count(lines[0].begin(), lines[0].end(), '|'));
    ++next[static_cast<std::size_t>(thread)];
  }
}

// Sends stderr to a file while it lives.
class StderrFile {
 public:
  explicit StderrFile(const std::filesystem::path& file) {
    const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE(opened >= 0);
    ::dup2(opened, STDERR_FILENO);
    ::close(opened);
  }
  ~StderrFile() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }
  StderrFile(const StderrFile&) = delete;
  StderrFile& operator=(const StderrFile&) = delete;

 private:
  int before_ = ::dup(STDERR_FILENO);
};

}  // namespace

TEST_CASE("a line of the log stands above the last line, which is drawn again") {
  test::Terminal terminal(80);
  draw_last_line("[####....] mine");
  log::info("worker 3 has joined");
  log::warning("a task was returned");
  Lines lines = terminal.lines();
  REQUIRE(lines.size() == 3);
  CHECK_THAT(lines[0], EndsWith("| worker 3 has joined"));
  CHECK_THAT(lines[1], EndsWith("| a task was returned"));
  CHECK(lines[2] == "[####....] mine");
  // What was longer leaves nothing behind.
  draw_last_line("done");
  end_last_line();
  end_last_line();
  log::info("the end");
  lines = terminal.lines();
  REQUIRE(lines.size() == 5);
  CHECK(lines[2] == "done");
  CHECK_THAT(lines[3], EndsWith("| the end"));
  CHECK(lines[4].empty());
}

TEST_CASE("the last line is cut to the terminal's width, by whole characters") {
  test::Terminal terminal(10);
  draw_last_line("123456789");
  CHECK(terminal.lines() == Lines{"123456789"});
  draw_last_line("12345678é0");
  CHECK(terminal.lines() == Lines{"12345678é"});
  draw_last_line("12345678é");
  CHECK(terminal.lines() == Lines{"12345678é"});
  end_last_line();
}

TEST_CASE("lines go to stderr as they are where no last line is drawn") {
  test::Terminal terminal(80);
  write_to_stderr("one\ntwo\n");
  CHECK(terminal.lines() == Lines{"one", "two", ""});
}

TEST_CASE("the last line is cut anew where the terminal was narrowed") {
  test::Terminal terminal(80);
  draw_last_line("[####....] mine");
  terminal.resize(10);
  log::info("one");
  CHECK(terminal.lines().back() == "[####....");
  terminal.resize(80);
  log::info("two");
  CHECK(terminal.lines().back() == "[####....] mine");
  end_last_line();
}

TEST_CASE("lines of many threads and the last line do not mix") {
  test::Terminal terminal(200);
  log_from_threads([] {
    for (int i = 0; i < kLinesEach; ++i) draw_last_line(cat("step ", i));
  });
  Lines lines = terminal.lines();
  CHECK(lines.back() == cat("step ", kLinesEach - 1));
  lines.pop_back();
  check_logged(lines);
  end_last_line();
}

TEST_CASE("off a terminal lines of many threads are whole and nothing is drawn between them") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "stderr";
  {
    const StderrFile to_file(file);
    log_from_threads([] {});
  }
  const std::string text = read_text_file(file);
  CHECK(text.find_first_of("\r\x1b") == std::string::npos);
  Lines lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    REQUIRE(end != std::string::npos);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  check_logged(lines);
}

TEST_CASE("off a terminal a last line is not cut") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "stderr";
  const std::string text(500, 'x');
  {
    const StderrFile to_file(file);
    draw_last_line(text);
    end_last_line();
  }
  CHECK_THAT(read_text_file(file), EndsWith(text + "\n"));
}
