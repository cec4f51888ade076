// How a job begins or goes on: its work directory, its journal, and what of its results is still
// there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "config/run_config.h"
#include "coordinator/ledger/journal.h"
#include "coordinator/ledger/task_ledger.h"
#include "coordinator/pipeline.h"
#include "jobs/task.h"

namespace helip::coordinator {

struct OpenedLedger {
  std::unique_ptr<Journal> journal;
  std::vector<TaskRecord> tasks;  // that the journal holds
};

// Claims the work directory of the pipeline's plan and opens its journal. A damaged database is set
// aside and a new one opened. Tasks of evaluation and report that are of another configuration are
// dropped, with their files. Throws ConfigError (another configuration that determines the trained
// model, a directory that was moved), StoreError (another coordinator holds it, it cannot be made).
OpenedLedger open_ledger(const Pipeline& pipeline);

// Puts journaled tasks into an empty ledger. Failed ones get their attempts again; leased ones are
// released with `drop_leases`, and else get a fresh term. Returns the tasks whose rows have
// changed.
std::vector<TaskId> restore(TaskLedger& ledger, const std::vector<TaskRecord>& tasks,
                            bool drop_leases, TimePoint now);

// Makes done tasks pending again whose result file, or a product that later stages read, is missing
// or damaged, and logs a warning of each. Returns them.
std::vector<TaskId> reopen_lost(TaskLedger& ledger, const Pipeline& pipeline);

// Throws ConfigError if the initial model's digest is another one than when the corpus was indexed.
// Returns if either is not known.
void expect_same_model(const std::optional<jobs::CorpusFacts>& corpus,
                       const std::string& model_digest, const config::ModelConfig& model);

}  // namespace helip::coordinator
