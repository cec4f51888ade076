#include "common/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

#include "common/last_line.h"
#include "common/text.h"

namespace helip::log {
namespace {

class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    write_to_stderr({text.data(), text.size()});
  }
  void flush_() override {}
};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("helip", std::make_shared<StderrSink>());
    made->set_pattern("%Y-%m-%d,%H:%M:%S | %l | %v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

void write(Level level, std::string_view line) {
  logger().log(to_spdlog(level), "{}", shortened(line, kMostLineBytes));
}

}  // namespace

void start(std::string_view name, Level level, const std::filesystem::path& file) {
  logger().set_level(to_spdlog(level));
  if (!file.empty()) {
    logger().sinks().push_back(
        std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string(), /*truncate=*/false));
  }
  // OpenCLIP's line, with the program's name before the message.
  std::string escaped;
  for (const char c : name) escaped += c == '%' ? std::string("%%") : std::string(1, c);
  logger().set_pattern("%Y-%m-%d,%H:%M:%S | %l | " + escaped + " | %v");
}

void debug(std::string_view line) { write(Level::kDebug, line); }
void info(std::string_view line) { write(Level::kInfo, line); }
void warning(std::string_view line) { write(Level::kWarning, line); }
void error(std::string_view line) { write(Level::kError, line); }

}  // namespace helip::log
