// A program that this process starts and watches.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace helip {

struct ChildProgram {
  std::vector<std::string> arguments;    // the first is a path or a name that PATH finds
  std::vector<std::string> environment;  // "NAME=value": the child's whole environment
  std::filesystem::path log_file;        // gets its stdout and stderr, appended
};

// Returns this process's environment as ChildProgram takes it.
std::vector<std::string> current_environment();

// A running program in a process group of its own, with /dev/null for its stdin. If the thread that
// started it ends, the kernel ends the program; the destructor kills its group. Not thread-safe.
class ChildProcess {
 public:
  // Starts the program. Throws StoreError if the log cannot be opened, Error if there can be no
  // further process. A program that cannot be run says so in the log and ends with status 127.
  explicit ChildProcess(ChildProgram program);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Returns the exit status once it has ended (128 + signal if a signal ended it); nothing before.
  std::optional<int> poll();
  // Sends the signal to the program alone.
  void signal(int number);
  // Sends SIGKILL to its process group.
  void kill();

 private:
  pid_t process_;
  std::optional<int> ended_;
};

}  // namespace helip
