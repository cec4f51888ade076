#include "cli/commands/eval_outputs.h"

#include "common/text.h"
#include "eval/class_recalls.h"
#include "eval/results.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

std::string safe(std::string text) {
  for (char& letter : text) {
    const bool keep = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '.' || letter == '-';
    if (!keep) letter = '_';
  }
  return text;
}

}  // namespace

std::string result_file_name(const eval::EvalResult& result) {
  const fs::path weights = fs::path(result.pretrained).lexically_normal();
  const fs::path last =
      weights.has_filename() ? weights.filename() : weights.parent_path().filename();
  return cat(safe(result.dataset), "_", safe(last.string()), "_", safe(result.model), "_",
             safe(result.language), "_", result.task, ".json");
}

void write_outputs(const fs::path& folder, const std::vector<eval::EvalResult>& results) {
  const fs::path recalls = folder / "class_recalls";
  fs::create_directories(recalls);
  for (const eval::EvalResult& result : results) {
    const std::string name = result_file_name(result);
    eval::write_result(folder / name, result);
    if (!result.classes.empty()) eval::write_class_recalls(recalls / name, {result});
  }
}

}  // namespace helip::cli
