#include <algorithm>
#include <system_error>
#include <vector>

#include "common/digest.h"
#include "common/text.h"
#include "worker/engine_task_runner.h"

namespace helip::worker {
namespace {

namespace fs = std::filesystem;

// "name sha256" for each regular file, by name.
void add_files(const std::string& role, const std::string& text, std::vector<std::string>& lines) {
  const fs::path path(text);
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    lines.push_back(cat(role, " ", sha256_file(path)));
  } else if (fs::is_directory(path, error)) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      lines.push_back(cat(role, " ", fs::relative(file, path).string(), " ", sha256_file(file)));
    }
  } else {
    lines.push_back(cat(role, " ", text));
  }
}

}  // namespace

std::string model_digest(const config::ModelConfig& model) {
  std::vector<std::string> lines;
  add_files("architecture", model.architecture, lines);
  add_files("init", model.init, lines);
  if (model.init == "random") lines.push_back(cat("seed ", model.init_seed));
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return sha256_hex(text);
}

}  // namespace helip::worker
