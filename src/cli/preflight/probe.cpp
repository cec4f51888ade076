#include "cli/preflight/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::cli {
namespace {

constexpr std::size_t kMostOutput = 64 << 10;
constexpr std::size_t kLongestLine = 160;

// Reads until the other end is closed or the time is over; true: it was closed.
bool read_until(int pipe, double end, std::string& output) {
  std::array<char, 4096> buffer{};
  while (true) {
    const double left = end - monotonic_seconds();
    if (left <= 0) return false;
    pollfd wait{.fd = pipe, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, static_cast<int>(left * 1000) + 1) <= 0) continue;
    const ssize_t got = ::read(pipe, buffer.data(), buffer.size());
    if (got == 0 || (got < 0 && errno != EINTR)) return true;
    if (got < 0) continue;
    const std::size_t room = kMostOutput - output.size();
    output.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
  }
}

std::vector<std::string> lines_with_text(const std::string& output) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < output.size();) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    std::string line = output.substr(begin, end - begin);
    if (line.find_first_not_of(" \t\r-=*") != std::string::npos) lines.push_back(std::move(line));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

Probe probe(const std::vector<std::string>& command, double seconds) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error({.what = "cannot make a pipe", .found = std::system_category().message(errno)});
  }
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) {
    const int reason = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    throw Error(
        {.what = "cannot start a process", .found = std::system_category().message(reason)});
  }
  if (child == 0) {
    ::setpgid(0, 0);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, STDIN_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    const char* reason = ::strerror(errno);
    const auto ignored = ::write(STDERR_FILENO, reason, ::strlen(reason));
    static_cast<void>(ignored);
    ::_exit(127);
  }
  ::setpgid(child, child);
  ::close(ends[1]);
  Probe result;
  result.seconds = seconds;
  if (!read_until(ends[0], monotonic_seconds() + seconds, result.output)) {
    ::kill(-child, SIGKILL);
    result.timed_out = true;
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string first_line(const std::string& output) {
  const auto lines = lines_with_text(output);
  return lines.empty() ? std::string() : shortened(lines.front(), kLongestLine);
}

std::string last_line(const std::string& output) {
  const auto lines = lines_with_text(output);
  return lines.empty() ? std::string() : shortened(lines.back(), kLongestLine);
}

}  // namespace helip::cli
