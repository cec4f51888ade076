// What the stage mine and mining again in a training make alike: what is mined, and what a table
// says of where it comes from.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "config/run_config.h"
#include "jobs/task.h"
#include "jobs/work_dir.h"
#include "mining/mining_job.h"

namespace helip::worker {

// Returns what mining reads: these embeddings, and what is known of the pairs of the job's corpus.
mining::MiningInput mining_input(const std::filesystem::path& image_embeddings,
                                 const std::filesystem::path& text_embeddings,
                                 const jobs::CorpusFacts& corpus, const jobs::WorkDir& work_dir);

// Returns what a table says of where it comes from. `task` asks for the table. Calls `recall` for
// an approximate miner alone: an exact one is not measured.
mining::TableProvenance provenance_of(const jobs::Task& task, const config::MiningConfig& config,
                                      const std::string& embeddings_digest,
                                      const std::function<mining::RecallReport()>& recall);

}  // namespace helip::worker
