// The page of an experiment.
#pragma once

#include <filesystem>

#include "experiment/summary.h"

namespace helip::experiment {

// Publishes the page, one self-contained HTML file. Makes missing folders. Throws StoreError.
void write_page(const std::filesystem::path& file, const Summary& summary);

}  // namespace helip::experiment
