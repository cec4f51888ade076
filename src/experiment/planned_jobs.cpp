#include "experiment/planned_jobs.h"

#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "config/parse.h"
#include "config/validate.h"
#include "experiment/append.h"
#include "jobs/work_dir.h"

namespace helip::experiment {
namespace {

config::Placeholders placeholders_of(const config::ExperimentConfig& experiment,
                                     std::uint64_t seed) {
  return {{"seed", cat(seed)}, {"split", cat(1 + (seed - 1) % experiment.splits)}};
}

// Settings that were chosen on what results are reported on would make the results too good.
void expect_other_data(const std::vector<config::EvalDataset>& chosen_on,
                       const std::vector<config::EvalDataset>& reported, const std::string& where) {
  for (const config::EvalDataset& one : chosen_on) {
    for (const config::EvalDataset& other : reported) {
      if (one.path != other.path || one.split != other.split) continue;
      throw ConfigError({.what = "settings would be chosen on data that results are reported on",
                         .where = cat(where, ": choose.datasets: ", one.name),
                         .expected = "another data set or split",
                         .found = cat(one.path, ", ", one.split)});
    }
  }
}

std::string seed_name(std::uint64_t seed) { return cat("seed-", seed); }

}  // namespace

JobPlan::JobPlan(config::LoadedExperiment loaded)
    : experiment_(std::move(loaded.config)), file_(std::move(loaded.file)) {
  const config::RunConfig tune = config::load_config(
      experiment_.tune, config::Variation{.overrides = experiment_.set,
                                          .where = file_.string(),
                                          .folder = std::filesystem::absolute(file_).parent_path(),
                                          .placeholders = placeholders_of(experiment_, 1)});
  arms_ = resolve_arms(experiment_, tune, file_.string());
  config::expect_measures({experiment_, file_, std::move(loaded.positions)}, tune);
  base_jobs_ = plan_base_jobs();
  for (const Arm& arm : arms_) try_jobs_[arm.name] = plan_try_jobs(arm);
}

std::filesystem::path JobPlan::folder_of(const PlannedJob& job) const {
  return std::filesystem::path(experiment_.work_dir) / job.name;
}

PlannedJob JobPlan::job(const std::string& name, const std::string& file, std::uint64_t seed,
                        const std::vector<config::Settings>& settings) const {
  config::Settings overrides;
  for (const config::Settings& part : settings) append(part, overrides);
  PlannedJob out;
  out.name = name;
  out.seed = seed;
  out.config = config::load_config(
      file, config::Variation{.overrides = std::move(overrides),
                              .where = cat(file_.string(), ": ", name),
                              .folder = std::filesystem::absolute(file_).parent_path(),
                              .placeholders = placeholders_of(experiment_, seed)});
  const std::filesystem::path root = experiment_.work_dir;
  out.config.output.work_dir = (root / name).string();
  out.config.train.seed = seed;
  out.config.train.repeats = 1;
  // Jobs of one corpus and the same frozen towers share their features.
  if (out.config.encoder.feature_cache.empty()) {
    out.config.encoder.feature_cache = (root / "cache").string();
  }
  return out;
}

std::vector<PlannedJob> JobPlan::plan_base_jobs() const {
  std::vector<PlannedJob> out;
  if (experiment_.base.empty()) return out;
  for (std::uint64_t seed = 1; seed <= experiment_.seeds; ++seed) {
    PlannedJob base = job(cat("base/", seed_name(seed)), experiment_.base, seed, {experiment_.set});
    base.config.model.init_seed = seed;
    base.config.eval.datasets.clear();  // an arm's job scores it
    base.until = jobs::Stage::kTrain;
    config::validate(base.config);
    out.push_back(std::move(base));
  }
  return out;
}

std::vector<PlannedJob> JobPlan::plan_try_jobs(const Arm& arm) const {
  std::vector<PlannedJob> out;
  for (std::size_t attempt = 0; attempt < arm.tries.size(); ++attempt) {
    for (std::uint64_t seed = 1; seed <= experiment_.choose.seeds; ++seed) {
      PlannedJob one = job(cat("choose/", arm.name, "/try-", attempt + 1, "/", seed_name(seed)),
                           experiment_.tune, seed, {experiment_.set, arm.set, arm.tries[attempt]});
      std::vector<config::EvalDataset> datasets = experiment_.choose.datasets;
      for (config::EvalDataset& dataset : datasets) {
        config::fill_placeholders(placeholders_of(experiment_, seed), dataset.path);
      }
      expect_other_data(datasets, one.config.eval.datasets, file_.string());
      one.config.eval.datasets = std::move(datasets);
      one.config.eval.evaluate_init = false;
      finish(one);
      out.push_back(std::move(one));
    }
  }
  return out;
}

std::vector<PlannedJob> JobPlan::arm_jobs(const Arm& arm, const config::Settings& chosen,
                                          bool scores_untouched) const {
  std::vector<PlannedJob> out;
  for (std::uint64_t seed = 1; seed <= experiment_.seeds; ++seed) {
    PlannedJob one = job(cat("arms/", arm.name, "/", seed_name(seed)), experiment_.tune, seed,
                         {experiment_.set, arm.set, chosen});
    one.config.eval.evaluate_init = scores_untouched;
    finish(one);
    out.push_back(std::move(one));
  }
  return out;
}

void JobPlan::finish(PlannedJob& job) const {
  if (!experiment_.base.empty()) {
    const std::filesystem::path root = experiment_.work_dir;
    const config::TrainConfig base{.seed = job.seed};
    job.config.model.init =
        jobs::WorkDir(root / "base" / seed_name(job.seed)).model(base, job.seed).string();
  }
  config::validate(job.config);
}

}  // namespace helip::experiment
