// A pseudo-terminal that takes what is written to stderr while it lives, and what it would show.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace helip::test {

class Terminal {
 public:
  explicit Terminal(unsigned short columns) : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(::grantpt(master_) == 0);
    REQUIRE(::unlockpt(master_) == 0);
    const int slave = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    ::dup2(slave, STDERR_FILENO);
    ::close(slave);
    resize(columns);
    ::fcntl(master_, F_SETFL, O_NONBLOCK);
  }
  ~Terminal() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    ::close(master_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Lines that stand there already stay as they are.
  void resize(unsigned short columns) const {
    const winsize size{.ws_row = 25, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(::ioctl(STDERR_FILENO, TIOCSWINSZ, &size) == 0);
  }

  // The lines it shows, the last being that of the cursor. Of control sequences, which must not
  // wrap, it knows the return and the clearing of a line's rest.
  std::vector<std::string> lines() {
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(master_, buffer, sizeof buffer)) > 0;) {
      written_.append(buffer, static_cast<std::size_t>(count));
    }
    std::vector<std::string> lines(1);
    std::size_t column = 0;
    for (std::size_t i = 0; i < written_.size(); ++i) {
      if (written_[i] == '\n') {
        lines.emplace_back();
        column = 0;
      } else if (written_[i] == '\r') {
        column = 0;
      } else if (written_.compare(i, 3, "\x1b[K") == 0) {
        lines.back().resize(column);
        i += 2;
      } else {
        lines.back().resize(std::max(lines.back().size(), column + 1));
        lines.back()[column++] = written_[i];
      }
    }
    return lines;
  }

 private:
  int before_ = ::dup(STDERR_FILENO);
  int master_;
  std::string written_;
};

}  // namespace helip::test
