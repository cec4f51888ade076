// The files that a finished job left in its work directory, read for a report. A missing file is
// named in the report, not silently skipped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "eval/class_recalls.h"
#include "jobs/train.h"
#include "report/job_metrics.h"
#include "store/hard_pair_table.h"

namespace helip::report {

// One line of metrics.jsonl.
struct TrainPoint {
  std::uint64_t step = 0;
  std::optional<double> loss, contrastive_loss, margin_loss, lr, logit_scale;
  std::optional<double> data_time, batch_time;  // seconds per step
  std::optional<double> ssl_loss;               // only with a self-supervised term
};

// One figure of a line of scores.jsonl: of the model in training, on a held-out data set.
struct ScorePoint {
  std::uint64_t step = 0;
  MetricKey key;
  double value = 0;
};

struct JobRecord {
  std::string name;                                         // last part of the folder's path
  std::filesystem::path folder;                             // absolute
  config::RunConfig config;                                 // WORK/config.yaml
  JobMetrics metrics;                                       // WORK/results.json
  std::vector<eval::ClassRecalls> class_recalls;            // WORK/class_recalls.json
  std::map<std::uint64_t, std::vector<TrainPoint>> curves;  // WORK/metrics.jsonl, by seed
  // WORK/scores.jsonl, by seed, in the order of steps; empty without the section `scores`.
  std::map<std::uint64_t, std::vector<ScorePoint>> scores;
  std::map<std::uint64_t, jobs::TrainResult> trainings;  // finished ones, by seed
  std::optional<store::HardPairTable> hard_pairs;        // the newest of WORK/hard_pairs
  std::filesystem::path corpus_folder;                   // empty if unknown
  std::string corpus_fingerprint;                        // likewise
  // The folder in WORK/embeddings. Empty without a table, or if images and texts share no space.
  std::filesystem::path joint_embeddings;
  std::map<std::string, std::uint64_t> unusable;  // samples by reason
  // One sentence for each piece that should be there but is missing.
  std::vector<std::string> missing;
};

// Returns true if a data set of the job is scored by the task.
bool scores(const JobRecord& job, config::EvalTask task);

// Reads the work directory. Throws StoreError if `folder` has no config.yaml or a file in it is
// damaged, and ConfigError if config.yaml is not a valid configuration.
JobRecord read_job(const std::filesystem::path& folder);

}  // namespace helip::report
