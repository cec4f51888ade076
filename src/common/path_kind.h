// What a path names, without exceptions: a path that cannot be looked at names nothing.
#pragma once

#include <filesystem>
#include <string>

namespace helip {

// Links are followed.
bool is_there(const std::filesystem::path& path);
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

// What is there, for a message: "a file", "a folder", "a named pipe", "a socket", "a device",
// "a link that leads nowhere", "nothing", or why it cannot be looked at. Links are followed.
std::string kind_of(const std::filesystem::path& path);

// Returns the absolute form of `path`, or else the nearest folder above it that exists. A link that
// leads nowhere exists. Programs that make missing folders write there first.
std::filesystem::path nearest_existing(const std::filesystem::path& path);

// Why a path that is not there cannot be looked at, as the system says it: "No such file or
// directory", "Permission denied", "File name too long".
std::string why_not_there(const std::filesystem::path& path);

}  // namespace helip
