// Errors of the whole project. An exception ends the operation; expected outcomes are return
// values. Three places end what an error stops and report it: main (cli/guarded_main), the RPC
// services, which answer with a status, and the worker's lease loop, which reports the task as
// failed. Other code catches an error only for one of these purposes:
//
// - It adds a name, turns a library's exception into an error, or carries an error to another
//   thread or rank.
// - The coordinator's job records an error of its own as the job's failure and goes on answering
//   (coordinator/job, coordinator/server); a result that cannot be verified is refused.
// - A check lists the error among its findings (cli/preflight, helip doctor, helip data check).
// - A sample or pair that cannot be used is counted, put aside or shown as such.
// - What can be made again or done another way is: a damaged cache, index, ledger or result is made
//   anew, a damaged checkpoint gives way to an older one, the CPU takes the place of the GPU, a
//   heartbeat is sent again. A warning says so where time or work is lost.
#pragma once

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace helip {

// An error for a person, in four parts: what is wrong, where (file, line, key, rank), what was
// expected and what was found.
struct Problem {
  std::string what{};
  std::string where{};
  std::string expected{};
  std::string found{};
};

// Returns "WHERE: WHAT; expected EXPECTED; found FOUND" without the empty parts, at most 400 bytes
// long. Long numbers and the longest parts are shortened in their middle. Control characters are
// escaped, so that input cannot forge log lines.
std::string to_line(const Problem& problem);

// Returns the message of any error, for code that catches every exception: for a failed call on the
// file system the path, the operation and the reason; for missing memory a sentence; else what().
std::string line_of(const std::exception& error);

class Error : public std::runtime_error {
 public:
  explicit Error(const Problem& problem)
      : std::runtime_error(to_line(problem)), problem_(std::make_shared<const Problem>(problem)) {}

  // Returns the parts as they were given to the constructor; what() is to_line() of them.
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

// Exit codes of every program. kExitUnreachable: no coordinator answers. kExitRunning: `helip
// status` of a job that runs. kExitPreempted: stopped by a signal; the same command resumes the
// job.
enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitUnreachable = 3,
  kExitRunning = 4,
  kExitPreempted = 75,
};

}  // namespace helip
