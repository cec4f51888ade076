// The report of one job: WORK/report/index.html, one self-contained file.
#pragma once

#include <filesystem>

namespace helip::report {

// Reads the work directory, publishes its page and returns the page's path. The page names missing
// files. Throws StoreError if the folder is no work directory or a file in it is damaged, and
// ConfigError if config.yaml is not a valid configuration.
std::filesystem::path write_report(const std::filesystem::path& work_dir);

}  // namespace helip::report
