// The log. All log lines pass through these functions. spdlog is used in log_spdlog.cpp alone;
// engine-only builds write to stderr without it. Lines go above the progress line
// (common/last_line.h) and are cut to kMostLineBytes. Thread-safe. Never pass a secret.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace helip::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// Starts the log; a program's main calls it once. Each line carries `name` (helip, helip_worker 3).
// Lines below `level` are dropped. Lines go to stderr and, if `file` is given, are appended to it.
void start(std::string_view name, Level level, const std::filesystem::path& file = {});

void debug(std::string_view line);
void info(std::string_view line);
void warning(std::string_view line);
void error(std::string_view line);

}  // namespace helip::log
