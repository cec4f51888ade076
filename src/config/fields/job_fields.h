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
            "Folder of the data set: clip_benchmark's WebDataset layout, or split/class/image.",
            PathRule::kPath),
      field("tasks", &S::tasks, kAny.also("at least one, each once"), "What is scored."),
      field("split", &S::split, kSafeName.also("not train with linear_probe"),
            "Folder of the split that is scored. linear_probe trains on the split train."),
      field("validation_split", &S::validation_split,
            kSafeNameOrNone.also("neither split nor train; only with linear_probe"),
            "Folder of the split on which the linear probe's L2 weight is chosen. Empty: lbfgs "
            "takes a fifth of the training samples of each class, clip_benchmark uses none."),
      operation("source", &S::source, kAny,
                "Where the data set comes from; said if it is not there."),
  };
};

template <>
struct Fields<SuiteAverage> {
  using S = SuiteAverage;
  static constexpr auto kAll = std::tuple{
      field("name", &S::name, required("a name"), "Name of the mean in tables."),
      field("datasets", &S::datasets, kAny.also("names of data sets of the suite"),
            "Data sets over which each metric is averaged."),
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
      field("equal_captions", &S::equal_captions, kAny,
            "Retrieval's right answers. hits: an image and each caption that equals one of its "
            "own; strict: an image and its own captions alone, as in clip_benchmark."),
      field("probe", &S::probe, kAny,
            "How the linear probe is trained. lbfgs: logistic regression as in the CLIP paper; "
            "clip_benchmark: 10 epochs of AdamW at learning rate 0.1, batch 64."),
      field("probe_l2", &S::probe_l2, from(0).also("0 with probe clip_benchmark"),
            "L2 weight of the lbfgs probe, on the mean loss. 0: chosen on the validation split "
            "among 97 weights from 1e-6 to 1e6 (on the summed loss), as in the CLIP paper."),
      field("fewshot_k", &S::fewshot_k, from(0),
            "Training samples of each class that the linear probe sees; 0: all."),
      field("probe_seed", &S::probe_seed, kAny,
            "Seed of the linear probe's random draws: validation and few-shot samples, and "
            "clip_benchmark's initial weights and batches."),
      field("evaluate_init", &S::evaluate_init, kAny,
            "Scores the checkpoint before tuning as well, where model.init is a path."),
  };
};

template <>
struct Fields<SuiteConfig> {
  using S = SuiteConfig;
  static constexpr auto kAll = std::tuple{
      section("eval", &S::eval, "The data sets, and how they are scored.", Role::kEvaluation),
      field("averages", &S::averages, kAny, "Means besides the one over all data sets."),
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
      operation(
          "work_dir", &S::work_dir, required("a folder"),
          "Work directory of the job. It belongs to one training. A path of the file starts from "
          "the file's folder, the default from the current one.",
          PathRule::kPath),
      operation("report", &S::report, kAny, "Writes the report page at the end."),
      field("gallery_targets", &S::gallery_targets, kAny,
            "Targets that the report's gallery shows."),
  };
};

}  // namespace helip::config
