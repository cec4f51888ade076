// The keys of eval, coordinator, launcher and output: what is scored, and how the job is run.
#pragma once

#include <tuple>

#include "config/fields/field.h"
#include "config/fields/text_rules.h"
#include "config/run_config.h"

namespace helip::config {

template <>
struct Fields<EvalDataset> {
  using S = EvalDataset;
  static constexpr auto kAll = std::tuple{
      field("name", &S::name, kSafeName.also("each name once"), "Name of the data set in results."),
      field("path", &S::path, required("a folder in clip_benchmark layout"),
            "Folder of the data set, in clip_benchmark's layout.", PathRule::kPath),
      field("tasks", &S::tasks, kAny.also("at least one, each once"), "What is scored."),
      field("split", &S::split, kSafeName.also("not train with linear_probe"),
            "Folder of the split that is scored. linear_probe trains on the split train."),
  };
};

template <>
struct Fields<EvalConfig> {
  using S = EvalConfig;
  static constexpr auto kAll = std::tuple{
      field("datasets", &S::datasets, kAny,
            "Data sets that the finished model is scored on, each with the keys that follow."),
      field("batch_size", &S::batch_size, from(1).up_to(65536), "Samples of a forward pass."),
      field("recall_k", &S::recall_k, from(1).also("at least one number, ascending"),
            "K of the retrieval task's recall@K."),
      field("probe_l2", &S::probe_l2, from(0), "L2 weight of the linear probe, on the mean loss."),
      field("evaluate_init", &S::evaluate_init, kAny,
            "Scores the checkpoint before tuning as well, where model.init is a path."),
  };
};

template <>
struct Fields<CoordinatorConfig> {
  using S = CoordinatorConfig;
  static constexpr auto kAll = std::tuple{
      operation("listen", &S::listen, text_rule(no_address, "HOST:PORT (port 0: a free one)"),
                "Address that the coordinator listens on."),
      operation("insecure_network", &S::insecure_network, kAny,
                "Allows the coordinator to listen on other addresses than loopback without mTLS."),
      operation("heartbeat_seconds", &S::heartbeat_seconds, above(0),
                "Seconds between a worker's heartbeats."),
      operation("lease_seconds", &S::lease_seconds,
                kAny.also("at least twice coordinator.heartbeat_seconds"),
                "Seconds after which a lease without an acknowledged heartbeat is granted again."),
      operation("max_attempts", &S::max_attempts, from(1),
                "Attempts at one task before the job fails."),
  };
};

template <>
struct Fields<LauncherConfig> {
  using S = LauncherConfig;
  static constexpr auto kAll = std::tuple{
      operation("kind", &S::kind, kAny,
                "What starts the workers: mpirun, or none: they are started by hand."),
      operation("workers", &S::workers, from(1).up_to(100000), "Ranks in all."),
      field("threads_per_worker", &S::threads_per_worker, from(1).up_to(1024),
            "Threads of a rank. The number is fixed, so that results do not depend on the number "
            "of workers."),
      field(
          "device", &S::device, kAny,
          "Device of the ranks. With cuda a rank takes the device of its local rank; auto takes a "
          "GPU where there is one."),
      operation("max_restarts", &S::max_restarts, kAny, "Restarts of a failed training launch."),
      operation("hosts", &S::hosts,
                text_rule(wrong_host, "HOST or HOST:SLOTS, slots a whole number from 1 on"),
                "Hosts of the workers, joined by commas. Empty: this machine, or the Slurm "
                "allocation."),
      operation("mpirun_args", &S::mpirun_args, kAny, "Further arguments of mpirun."),
  };
};

template <>
struct Fields<OutputConfig> {
  using S = OutputConfig;
  static constexpr auto kAll = std::tuple{
      operation("work_dir", &S::work_dir, required("a folder"),
                "Work directory of the job. It belongs to one training.", PathRule::kPath),
      operation("report", &S::report, kAny, "Writes the report page at the end."),
      field("gallery_targets", &S::gallery_targets, kAny,
            "Targets that the report's gallery shows."),
  };
};

}  // namespace helip::config
