#include "common/process/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "common/error.h"

namespace helip {
namespace {

// As execvpe takes them. The pointers are valid as long as the texts.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Runs in the child, where only async-signal-safe calls are allowed.
[[noreturn]] void become(pid_t parent, int log, char** arguments, char** environment) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  // A signal that comes before the program runs ends it, and is not lost in the parent's handler.
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execvpe(arguments[0], arguments, environment);
  const char* reason = strerror(errno);
  const auto ignored = ::write(STDERR_FILENO, reason, strlen(reason));
  static_cast<void>(ignored);
  _exit(127);
}

}  // namespace

std::vector<std::string> current_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) out.emplace_back(*entry);
  return out;
}

ChildProcess::ChildProcess(ChildProgram program) {
  std::error_code ignored;  // opening says what is wrong
  std::filesystem::create_directories(program.log_file.parent_path(), ignored);
  const int log = ::open(program.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) {
    throw StoreError({.what = "cannot write a program's log",
                      .where = program.log_file.string(),
                      .found = std::generic_category().message(errno)});
  }
  // All memory is prepared before fork().
  std::vector<char*> arguments = pointers(program.arguments);
  std::vector<char*> environment = pointers(program.environment);
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0) become(parent, log, arguments.data(), environment.data());
  const int reason = errno;
  ::close(log);
  if (process_ < 0) {
    throw Error({.what = "cannot start a process",
                 .where = program.arguments.front(),
                 .found = std::generic_category().message(reason)});
  }
  setpgid(process_, process_);
}

ChildProcess::~ChildProcess() {
  if (ended_) return;
  kill();
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
}

std::optional<int> ChildProcess::poll() {
  if (ended_) return ended_;
  int status = 0;
  const pid_t done = waitpid(process_, &status, WNOHANG);
  if (done == process_) ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended_;
}

void ChildProcess::signal(int number) {
  if (!ended_) ::kill(process_, number);
}

void ChildProcess::kill() {
  if (!ended_) ::kill(-process_, SIGKILL);
}

}  // namespace helip
