// Errors of the whole project. An exception ends the operation; expected outcomes are return
// values. Errors end up in main (cli/guarded_main), in the RPC services, which answer with a
// status, and in the worker's lease loop, which reports the task as failed. In between they are
// caught only where something is known of them: a name is added, a bad sample is counted, a
// library's exception becomes one of these.
#pragma once

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace helip {

// One line for the person: what is wrong, where (file, line, key, rank), what was expected and what
// was found. Empty parts are left out. Control characters in any part are escaped, so that input
// cannot forge log lines, long numbers and the longest parts are shortened in their middle until
// the line has at most 400 bytes.
struct Problem {
  std::string what{};
  std::string where{};
  std::string expected{};
  std::string found{};
};

std::string to_line(const Problem& problem);

// The message of any error, for the places that catch all: of a failed call on the file system the
// path, what was tried and why it failed; of memory that is not there a sentence; else what().
std::string line_of(const std::exception& error);

class Error : public std::runtime_error {
 public:
  explicit Error(const Problem& problem)
      : std::runtime_error(to_line(problem)), problem_(std::make_shared<const Problem>(problem)) {}

  // Returns the parts as they were given; what() is their line.
  [[nodiscard]] const Problem& problem() const { return *problem_; }

 private:
  std::shared_ptr<const Problem> problem_;  // shared: copying an exception must not throw
};

// Wrong configuration or usage: exit code 2.
class ConfigError : public Error {
 public:
  using Error::Error;
};

// The corpus, a data set or a sample is not what it should be.
class DataError : public Error {
 public:
  using Error::Error;
};

// A peer, a collective or an RPC failed.
class CommError : public Error {
 public:
  using Error::Error;
};

// A file of ours (embeddings, hard-pair table, checkpoint, ledger) is damaged, missing or cannot be
// written.
class StoreError : public Error {
 public:
  using Error::Error;
};

// Exit codes of every program.
enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitUnreachable = 3,
  kExitRunning = 4,
  kExitPreempted = 75,
};

}  // namespace helip
