// Tables that a training asks for and other ranks of its launch mine meanwhile (remine.workers).
// The two groups share no collective: a request is a file of a folder, the table itself the answer.
#pragma once

#include <exception>
#include <filesystem>
#include <functional>

#include "comm/group.h"
#include "config/run_config.h"
#include "jobs/task.h"
#include "train/train_job.h"
#include "worker/rank.h"
#include "worker/stages/workbench.h"

namespace helip::worker {

// Returns true if a rank mines and does not train: the last remine.workers ones of a launch do.
// Throws ConfigError if none would be left to train.
bool is_mining_rank(const config::RemineConfig& remine, const Rank& rank);

// Asks the ranks that mine apart for tables. Used by rank 0 of the training, fail() by the miners.
class TableRequests {
 public:
  // `folder`: WorkDir::exchange of the launch.
  explicit TableRequests(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Asks for a table. One that is there already is removed: it is mined again.
  void ask(const jobs::Task& training, std::uint64_t seed,
           const train::RemineRequest& request) const;
  // Returns true if the table is there.
  [[nodiscard]] static bool is_there(const train::RemineRequest& request);
  // Returns true if a miner was asked to stop: nobody will answer any more. Throws what made mining
  // fail, with the kind that fail() was given.
  [[nodiscard]] bool miners_stop() const;
  // Sends the miners away: the training is over, or was `stopped` by a signal.
  void end(bool stopped) const;
  // Tells the training why mining failed. Blocks until the training has ended or `should_stop`, at
  // most `patience` seconds.
  void fail(const std::exception& error, double patience,
            const std::function<bool()>& should_stop) const;

 private:
  std::filesystem::path folder_;
};

// Mines the tables that the training asks for. Collective over `group`, all ranks that mine.
// Returns true when the training is over, false when a rank is to stop. Throws what mining throws,
// and StoreError for a damaged request.
bool mine_for_training(Workbench& bench, comm::Group& group,
                       const std::function<bool()>& should_stop);

}  // namespace helip::worker
