// Finds the program that workers run.
#pragma once

#include <filesystem>

namespace helip::cli {

// Returns the path of helip_worker in this program's folder. Throws Error if it is missing.
std::filesystem::path worker_program();

}  // namespace helip::cli
