// Whether a result can be written where it is wanted, before the work that makes it.
#pragma once

#include <filesystem>
#include <string>

namespace helip {

// What becomes of a file that is there already.
enum class Existing { kRefused, kReplaced };

// Throws ConfigError naming `option` unless a new file or folder can be made at `path`: nothing is
// there (or a file, if it is replaced), its name leaves room for a temporary one, and the nearest
// folder above that is there can be written. Missing folders between are made with the output.
void check_output_place(const std::filesystem::path& path, const std::string& option,
                        Existing existing = Existing::kRefused);

}  // namespace helip
