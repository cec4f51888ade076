// Why a launch ended, read from its log: what a worker, the loader, ssh or mpirun said first,
// without mpirun's frames and advice.
#pragma once

#include <filesystem>
#include <string>

namespace helip::coordinator {

struct LaunchCause {
  std::string text;        // one line, printable; empty if the log says nothing
  bool permanent = false;  // the same start would fail again
};

// Returns the last error of a worker where one has logged an error; else what is said outside of
// mpirun's frames, with the first frame that tells more than that a process has failed.
LaunchCause launch_cause(const std::filesystem::path& log_file);

}  // namespace helip::coordinator
