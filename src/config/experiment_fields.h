// The keys of an experiment's configuration, each listed once, with its limits and its meaning.
#pragma once

#include <tuple>

#include "config/experiment_config.h"
#include "config/fields.h"

namespace helip::config {

template <>
struct Fields<ArmConfig> {
  using S = ArmConfig;
  static constexpr auto kAll = std::tuple{
      field("name", &S::name, kSafeName.also("each name once"),
            "Name of the arm. A known name changes that arm."),
      field("like", &S::like, kAny.also("a known arm, or one defined before"),
            "Arm whose settings come before those of this one. Empty: the arm of the same name, "
            "else the configuration `tune` as it is."),
      field("set", &S::set, kAny, "Settings of the arm, as --set takes them: train.lr=1e-4."),
      field("tries", &S::tries, kAny.also("as many as choose.tries"),
            "Settings of which one is chosen, in place of choose.tries."),
  };
};

template <>
struct Fields<ChoiceConfig> {
  using S = ChoiceConfig;
  static constexpr auto kAll = std::tuple{
      field("datasets", &S::datasets, kAny,
            "Data sets that the tries are scored on, with the keys of eval.datasets. None of them "
            "may be one that results are reported on."),
      field("measures", &S::measures, kAny.also("DATASET/METRIC each"),
            "Metrics of these data sets. The try with the highest mean of them is chosen."),
      field("tries", &S::tries, kAny,
            "Lists of settings, as [[train.lr=1e-4], [train.lr=2e-4]]. Each arm tries all of them "
            "and keeps one. Empty: the arms are taken as they are."),
      field("seeds", &S::seeds, from(1).also("at most seeds"),
            "Seeds, from 1 on, that the tries are trained with."),
  };
};

template <>
struct Fields<ExperimentConfig> {
  using S = ExperimentConfig;
  static constexpr auto kAll = std::tuple{
      field("base", &S::base, kAny,
            "Configuration of the job that trains each seed's initial checkpoint. Empty: tune's "
            "model.init is the checkpoint.",
            PathRule::kPath),
      field("tune", &S::tune, required("a job's configuration"),
            "Configuration of the job that tunes the checkpoint, HELIP's.", PathRule::kPath),
      field("arms", &S::arms, kAny.also("each once"),
            "Arms that are compared with each other and with the untouched checkpoint: continued "
            "(plain training), random (random partners), hard_pairs (no margin loss), batch_4x "
            "(plain training, a batch four times as large), remine (a new table at each pass), "
            "helip (tune as it is), and those that `define` adds."),
      field("subject", &S::subject, kAny.also("one of arms"), "Arm that the experiment is about."),
      field("control", &S::control, kAny.also("one of arms"),
            "Arm that the others are compared with, beside the untouched checkpoint."),
      field("define", &S::define, kAny, "Further arms, and changes of known ones."),
      field("seeds", &S::seeds, from(1).up_to(1000),
            "Repetitions. Seed s, from 1 on, is base's and tune's train.seed and base's "
            "model.init_seed, and stands for {seed} in texts of both files."),
      field("splits", &S::splits, from(1).up_to(1000),
            "Splits of the data. Seed s has split 1 + (s - 1) mod splits, which stands for "
            "{split} in texts of both files and in paths of choose.datasets."),
      field("measures", &S::measures, kAny.also("DATASET/METRIC each"),
            "Main metrics, the first ones of the table. Empty: each data set's headline metric."),
      section("choose", &S::choose,
              "How each arm's settings are chosen, on validation data, before it is scored."),
      field("set", &S::set, kAny, "Settings of every job, base and arms."),
      operation("jobs_at_once", &S::jobs_at_once, from(0).up_to(1000),
                "Jobs that run at the same time. 0: as many as the cores hold."),
      operation("work_dir", &S::work_dir, required("a folder"),
                "Folder of the jobs, the results and the page. A path of the file starts from the "
                "file's folder, the default from the current one, as of output.work_dir.",
                PathRule::kPath),
  };
};

static_assert(detail::every_member_listed<ArmConfig>());
static_assert(detail::every_member_listed<ChoiceConfig>());
static_assert(detail::every_member_listed<ExperimentConfig>());

}  // namespace helip::config
