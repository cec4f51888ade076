#include "cli/preflight/worker_program.h"

#include "common/error.h"

namespace helip::cli {

std::filesystem::path worker_program() {
  auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "helip_worker";
  if (!std::filesystem::exists(program)) {
    throw Error({.what = "the worker program is missing", .where = program.string()});
  }
  return program;
}

}  // namespace helip::cli
