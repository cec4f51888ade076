// Runs tasks with the engine and the libraries of the control world. The engine is loaded with the
// first task that needs it.
#pragma once

#include <filesystem>
#include <memory>

#include "config/run_config.h"
#include "worker/rank.h"
#include "worker/task_runner.h"

namespace helip::worker {

std::unique_ptr<TaskRunner> make_engine_task_runner(const config::RunConfig& config,
                                                    const Rank& rank,
                                                    const std::filesystem::path& work_dir);

// "cpu" or "cuda:I" for a rank. Throws ConfigError where launcher.device asks for a GPU that is not
// there.
std::string choose_device(config::DeviceChoice asked, std::uint32_t local_rank, int cuda_devices);

}  // namespace helip::worker
