// Turns errors into one line and an exit code, for all three programs.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <utility>

namespace helip::cli {

// Runs `body` and returns its exit code. Writes the line of an error to the log if `*to_log` is
// true (a program with a log file), else to stderr, and returns 2 for ConfigError, wrong options
// and requests that the coordinator refuses, 3 for a coordinator that cannot be reached, 1 for
// other errors. Throws CLI::ParseError for --help and --version alone. Ignores SIGPIPE from then
// on.
int guarded_main(const std::function<int()>& body, const bool* to_log = nullptr);

// Throws CLI::ExtrasError with the first word that `app` does not know, if there is one.
void expect_no_unknown_word(const CLI::App& app);

// Parses the words as app.parse() does, but reports an unknown word rather than a missing option: a
// misspelt option is both.
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
