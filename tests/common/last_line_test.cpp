#include "common/last_line.h"

#include <catch2/catch.hpp>

#include "common/log.h"
#include "support/terminal.h"

using namespace helip;
using Catch::Matchers::EndsWith;
using Lines = std::vector<std::string>;

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
