#include "common/last_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "common/threads/mutex.h"

namespace helip {
namespace {

constexpr const char* kClear = "\r\x1b[K";

struct State {
  Mutex mutex;
  std::string drawn HELIP_GUARDED_BY(mutex);  // whole: the terminal's width may change
};

State& state() {
  static State instance;
  return instance;
}

void put(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

// One column for each character; the last stays free, where some terminals wrap already.
std::string cut_to_terminal(std::string_view text) {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::string(text);
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (begins && ++columns == size.ws_col) return std::string(text.substr(0, i));
  }
  return std::string(text);
}

}  // namespace

void draw_last_line(std::string_view text) {
  State& line = state();
  const MutexLock lock(line.mutex);
  line.drawn = text;
  put(kClear + cut_to_terminal(line.drawn));
}

void end_last_line() {
  State& line = state();
  const MutexLock lock(line.mutex);
  if (line.drawn.empty()) return;
  put("\n");
  line.drawn.clear();
}

void write_to_stderr(std::string_view lines) {
  State& line = state();
  const MutexLock lock(line.mutex);
  put(line.drawn.empty() ? std::string(lines)
                         : kClear + std::string(lines) + cut_to_terminal(line.drawn));
}

}  // namespace helip
