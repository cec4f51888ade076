#include "cli/path_option.h"

#include <filesystem>
#include <string>
#include <system_error>

#include "common/expand_path.h"

namespace helip::cli {

CLI::Option* as_path(CLI::Option* option) {
  return option->transform([option](const std::string& text) {
    std::error_code ignored;
    if (std::filesystem::exists(text, ignored)) return text;
    return expand_path(text, option->get_name());
  });
}

}  // namespace helip::cli
