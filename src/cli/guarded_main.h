// From errors to one line and an exit code: the same for the three programs.
#pragma once

#include <functional>

namespace helip::cli {

// Runs `body` and returns its exit code. ConfigError: 2; a coordinator that cannot be reached: 3;
// other errors: 1. The line goes to the log if `to_log` (a program with a log file), else to
// stderr.
int guarded_main(const std::function<int()>& body, const bool* to_log = nullptr);

}  // namespace helip::cli
