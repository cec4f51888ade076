#include <fstream>
#include <string>

#include "common/last_line.h"
#include "common/log.h"
#include "common/text.h"
#include "common/threads/mutex.h"

namespace helip::log {
namespace {

struct State {
  Mutex mutex;
  Level level HELIP_GUARDED_BY(mutex) = Level::kInfo;
  std::string name HELIP_GUARDED_BY(mutex) = "helip";
  std::ofstream file HELIP_GUARDED_BY(mutex);
};

State& state() {
  static State instance;
  return instance;
}

void write(Level level, const char* label, std::string_view line) {
  State& log = state();
  const MutexLock lock(log.mutex);
  if (level < log.level) return;
  const std::string text =
      cat(label, " | ", log.name, " | ", shortened(line, kMostLineBytes), "\n");
  write_to_stderr(text);
  if (log.file.is_open()) log.file << text << std::flush;
}

}  // namespace

void start(std::string_view name, Level level, const std::filesystem::path& file) {
  State& log = state();
  const MutexLock lock(log.mutex);
  log.name = name;
  log.level = level;
  if (!file.empty()) log.file.open(file, std::ios::app);
}

void debug(std::string_view line) { write(Level::kDebug, "debug", line); }
void info(std::string_view line) { write(Level::kInfo, "info", line); }
void warning(std::string_view line) { write(Level::kWarning, "warning", line); }
void error(std::string_view line) { write(Level::kError, "error", line); }

}  // namespace helip::log
