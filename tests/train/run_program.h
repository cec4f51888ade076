// Runs another program as a test sees it from outside.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace helip::test {

// Starts a program, reads its standard output until it prints `line`, then kills it with SIGKILL.
// Throws if the program ends before.
inline void kill_after_line(const std::vector<std::string>& command, const std::string& line) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe failed");
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(ends[1]);
  std::FILE* output = fdopen(ends[0], "r");
  bool seen = false;
  std::string text;
  for (int c = std::fgetc(output); c != EOF && !seen; c = std::fgetc(output)) {
    if (c != '\n') {
      text += static_cast<char>(c);
      continue;
    }
    seen = text == line;
    text.clear();
    if (seen) break;
  }
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  std::fclose(output);
  if (!seen) throw std::runtime_error(command[0] + " ended before it printed: " + line);
}

}  // namespace helip::test
