#include "common/hidden.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace helip {
namespace {

constexpr std::array<std::string_view, 7> kSystemNames = {
    "@eaDir",    "__MACOSX",   "lost+found", "$RECYCLE.BIN", "System Volume Information",
    "Thumbs.db", "desktop.ini"};

bool is_hidden_name(std::string_view name) {
  if (name == "." || name == "..") return false;
  return name.starts_with('.') ||
         std::find(kSystemNames.begin(), kSystemNames.end(), name) != kSystemNames.end();
}

}  // namespace

bool is_hidden(std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (is_hidden_name(path.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace helip
