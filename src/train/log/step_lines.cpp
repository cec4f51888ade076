#include "train/log/step_lines.h"

#include <sstream>
#include <string>

#include "common/json.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::train {
namespace {

bool is_kept(const std::string& line, std::uint64_t seed, std::uint64_t resumed_step) {
  const auto entry = Json::parse(line);
  return entry.at("seed").get<std::uint64_t>() != seed ||
         entry.at("step").get<std::uint64_t>() <= resumed_step;
}

}  // namespace

void cut_step_lines(const std::filesystem::path& file, std::uint64_t seed,
                    std::uint64_t resumed_step) {
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  if (!std::filesystem::exists(file)) return;
  const std::string before = read_text_file(file);
  std::istringstream lines(before);
  std::string line;
  std::string after;
  for (int number = 1; std::getline(lines, line); ++number) {
    try {
      if (is_kept(line, seed, resumed_step)) after += line + "\n";
    } catch (const JsonError&) {
      log::warning(cat(file.string(), ":", number, ": not a line of a step, left out"));
    }
  }
  if (after != before) publish_file(file, after);
}

}  // namespace helip::train
