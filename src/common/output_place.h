// Checks that a result can be written to its place, before the work that produces it.
#pragma once

#include <filesystem>
#include <string>

namespace helip {

// Whether a file at the place of the output is refused or replaced.
enum class Existing { kRefused, kReplaced };

// Throws ConfigError that names `option` unless a new file or folder can be made at `path`. Nothing
// may exist there, or with kReplaced a file or a link to a file; the name must leave room for the
// longer name of a temporary file; and the nearest folder above that exists must be writable.
// Missing folders are made later, with the output.
void check_output_place(const std::filesystem::path& path, const std::string& option,
                        Existing existing = Existing::kRefused);

// Returns the system's reason why no file can be made in the folder, or an empty text if one can.
// Leaves no file behind.
std::string writing_problem(const std::filesystem::path& folder);

}  // namespace helip
