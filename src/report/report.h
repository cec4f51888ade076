// The report of one job: WORK/report/index.html, one self-contained file.
#pragma once

#include <filesystem>

namespace helip::report {

// Reads the work directory and publishes its page; returns the page's path. What is not there is
// named on the page. Throws ConfigError / StoreError if the folder is no work directory or a piece
// of it is damaged.
std::filesystem::path write_report(const std::filesystem::path& work_dir);

}  // namespace helip::report
