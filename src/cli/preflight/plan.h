// The text that `helip run --dry-run` prints.
#pragma once

#include <string>

#include "config/run_config.h"
#include "jobs/stage.h"

namespace helip::cli {

// Returns a text that shows what would run: stages, tasks, sizes, estimated memory.
std::string plan_text(const config::RunConfig& config, jobs::Stage until);

}  // namespace helip::cli
