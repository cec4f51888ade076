// Tells what a path names, without exceptions. A path that cannot be examined counts as naming
// nothing.
#pragma once

#include <filesystem>
#include <string>

namespace helip {

// Return true if `path` names anything, a regular file, or a folder. Links are followed.
bool is_there(const std::filesystem::path& path);
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

// Returns what `path` names, for a message: "a file", "a folder", "a named pipe", "a socket", "a
// device", "a link that leads nowhere", "nothing", or the system's reason why it cannot be
// examined. Links are followed.
std::string kind_of(const std::filesystem::path& path);

// Returns the absolute form of `path` if it exists, else the nearest folder above it that exists. A
// link that leads nowhere counts as existing. A program that makes missing folders writes into the
// returned folder first.
std::filesystem::path nearest_existing(const std::filesystem::path& path);

// Returns the system's reason why `path` cannot be examined: "No such file or directory",
// "Permission denied", "File name too long". Returns an empty text if it can.
std::string why_not_there(const std::filesystem::path& path);

}  // namespace helip
