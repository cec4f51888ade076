// From errors to one line and an exit code: the same for the three programs.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <utility>

namespace helip::cli {

// Runs `body` and returns its exit code. ConfigError: 2; a coordinator that cannot be reached: 3;
// other errors: 1. The line goes to the log if `to_log` (a program with a log file), else to
// stderr.
int guarded_main(const std::function<int()>& body, const bool* to_log = nullptr);

// Throws CLI::ExtrasError of the first word that `app` has not taken, if there is one.
void expect_no_unknown_word(const CLI::App& app);

// app.parse(words…), but an unknown word is named before an option that is missing: a misspelt one
// is both.
template <typename... Words>
void parse_words(CLI::App& app, Words&&... words) {
  try {
    app.parse(std::forward<Words>(words)...);
  } catch (const CLI::RequiredError&) {
    expect_no_unknown_word(app);
    throw;
  }
}

}  // namespace helip::cli
