// Whether a result can be written where it is wanted, before the work that makes it.
#pragma once

#include <filesystem>
#include <string>

namespace helip {

// What becomes of a file that is there already.
enum class Existing { kRefused, kReplaced };

// Throws ConfigError naming `option` unless a new file or folder can be made at `path`: nothing is
// there (or, if it is replaced, a file or a link to one), its name leaves room for a temporary one,
// and the nearest folder above that is there can be written. Missing folders between are made with
// the output.
void check_output_place(const std::filesystem::path& path, const std::string& option,
                        Existing existing = Existing::kRefused);

// Why no file can be made in the folder; empty if one can. Leaves nothing behind.
std::string writing_problem(const std::filesystem::path& folder);

}  // namespace helip
