// Log facade: the only way to the log. spdlog stays in its .cpp; in engine-only builds lines go to
// stderr. Lines go above common/last_line.h's. Thread-safe. Never pass a secret.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace helip::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// Called once by a program's main: `name` stands in front of each line (helip, helip_worker 3).
// `file` may be empty: then stderr alone; else lines go to both, the file in append mode.
void start(std::string_view name, Level level, const std::filesystem::path& file = {});

void debug(std::string_view line);
void info(std::string_view line);
void warning(std::string_view line);
void error(std::string_view line);

}  // namespace helip::log
