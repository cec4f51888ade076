#include <dlfcn.h>
#include <unistd.h>

#include <filesystem>

#include "common/error.h"
#include "engine/engine.h"

namespace helip::engine {
namespace {

// Where the build and an installation put it: ../lib beside the program's folder.
std::filesystem::path library_path() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "lib" /
         "libhelip_engine.so";
}

const Engine* load() {
  const std::filesystem::path path = library_path();
  // LibTorch registers operators when it is loaded and is never unloaded. RTLD_NOW names a missing
  // symbol here, not in the middle of a job.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(
        {.what = "the engine cannot be loaded", .where = path.string(), .found = ::dlerror()});
  }
  const auto table = reinterpret_cast<const Engine* (*)()>(::dlsym(library, kEngineSymbol));
  if (table == nullptr)
    throw Error({.what = "the engine does not belong to this program", .where = path.string()});
  return table();
}

}  // namespace

const Engine& engine() {
  static const Engine* const loaded = load();
  return *loaded;
}

}  // namespace helip::engine
