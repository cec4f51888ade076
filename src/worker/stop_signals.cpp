#include "worker/stop_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <system_error>

#include "common/error.h"

namespace helip::worker {
namespace {

// Signal handlers can reach nothing but globals.
std::atomic<int> signals{0};
std::array<int, 2> wake_pipe = {-1, -1};

extern "C" void on_signal(int) {
  const int reason = errno;
  ++signals;
  const char byte = 1;
  const auto ignored = ::write(wake_pipe[1], &byte, 1);
  static_cast<void>(ignored);
  errno = reason;
}

}  // namespace

void catch_stop_signals() {
  if (::pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw Error({.what = "cannot make a pipe", .found = std::generic_category().message(errno)});
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaction(signal, &action, nullptr);
}

int stop_signals() { return signals; }

bool wait_unless_stopped(double seconds) {
  if (signals > 0) return false;
  // The byte stays in the pipe, so that every later wait ends at once too.
  pollfd wake{};
  wake.fd = wake_pipe[0];
  wake.events = POLLIN;
  ::poll(&wake, 1, static_cast<int>(std::clamp(seconds, 0.0, 3600.0) * 1000));
  return signals == 0;
}

}  // namespace helip::worker
