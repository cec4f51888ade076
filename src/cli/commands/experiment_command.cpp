// helip experiment
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/experiment_data.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "common/error.h"
#include "common/last_line.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/parse_experiment.h"
#include "experiment/run_experiment.h"
#include "experiment/summary_page.h"
#include "experiment/summary_text.h"
#include "worker/stop_signals.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

struct ExperimentArguments {
  std::string config, work_dir;
  std::vector<std::string> arms, set;
  std::uint64_t seeds = 0, jobs_at_once = 0;
  bool json = false, dry_run = false;
};

std::vector<experiment::PlannedJob> all_jobs(const experiment::JobPlan& plan) {
  std::vector<experiment::PlannedJob> jobs = plan.base_jobs();
  for (const experiment::Arm& arm : plan.arms()) {
    for (const auto& part : {plan.try_jobs(arm), plan.arm_jobs(arm, {}, false)}) {
      jobs.insert(jobs.end(), part.begin(), part.end());
    }
  }
  return jobs;
}

// As many jobs as the cores hold, each with all its ranks' threads.
std::size_t jobs_at_once(const config::ExperimentConfig& config,
                         const std::vector<experiment::PlannedJob>& jobs) {
  if (config.jobs_at_once > 0) return config.jobs_at_once;
  std::size_t widest = 1;
  for (const experiment::PlannedJob& job : jobs) {
    const config::LauncherConfig& launcher = job.config.launcher;
    widest =
        std::max<std::size_t>(widest, std::size_t{launcher.workers} * launcher.threads_per_worker);
  }
  return std::max<std::size_t>(1, std::thread::hardware_concurrency() / widest);
}

void print_plan(const std::vector<experiment::PlannedJob>& jobs, std::size_t at_once) {
  std::string out;
  for (const experiment::PlannedJob& job : jobs) out += cat(job.name, "\n");
  print_lines(cat(out, jobs.size(), " jobs, ", at_once, " at a time\n"));
}

void tell_changed_data(const std::vector<experiment::PlannedJob>& jobs) {
  for (const auto& [name, scored] : jobs_of_changed_data(jobs)) {
    write_to_stderr(cat("experiment: data set ", name,
                        " has other files than before: ", scored.size(),
                        scored.size() == 1 ? " job is" : " jobs are", " scored again\n"));
  }
}

// A data set that changes between two jobs would make figures that cannot be compared.
void expect_unchanged_data(const std::vector<experiment::PlannedJob>& jobs) {
  const auto changed = jobs_of_changed_data(jobs);
  if (changed.empty()) return;
  const auto& [name, scored] = *changed.begin();
  throw DataError({.what = "the files of a data set have changed since a job scored it; the same "
                           "command scores it again",
                   .where = cat("data set ", name),
                   .expected = "the same files for all jobs",
                   .found = cat("other files than ", scored.front(), " has scored")});
}

int run(const ExperimentArguments& arguments) {
  config::LoadedExperiment loaded = config::load_experiment(
      arguments.config, {arguments.arms, arguments.seeds, arguments.jobs_at_once, arguments.set});
  if (!arguments.work_dir.empty()) {
    loaded.config.work_dir = fs::absolute(arguments.work_dir).string();
  }
  const experiment::JobPlan plan(std::move(loaded));
  const fs::path folder = plan.experiment().work_dir;
  const std::vector<experiment::PlannedJob> jobs = all_jobs(plan);
  const std::size_t at_once = jobs_at_once(plan.experiment(), jobs);
  if (arguments.dry_run) {
    print_plan(jobs, at_once);
    return kExitDone;
  }

  worker::catch_stop_signals();
  std::size_t done = 0;
  experiment::RunJobsOptions options;
  options.program = fs::read_symlink("/proc/self/exe");
  options.folder = folder;
  options.at_once = at_once;
  options.stops = [] { return worker::stop_signals(); };
  options.on_event = [&](const experiment::JobEvent& event) {
    if (event.ended) ++done;
    write_to_stderr(cat("experiment: ", done, "/", jobs.size(), " jobs done; ", event.job->name,
                        event.ended ? cat(" took ", human_seconds(event.seconds)) : " begins",
                        "\n"));
  };
  // What an earlier experiment found here is not what this one finds.
  fs::remove(folder / "experiment.json");
  fs::remove(folder / "index.html");
  tell_changed_data(jobs);
  const std::optional<experiment::Summary> summary = experiment::run_experiment(plan, options);
  if (!summary) {
    write_to_stderr("experiment: stopped; the same command resumes it\n");
    return kExitPreempted;
  }
  expect_unchanged_data(jobs);
  const OrderedJson json = experiment::to_json(*summary);
  publish_file(folder / "experiment.json", json.dump(2) + "\n");
  experiment::write_page(folder / "index.html", *summary);
  if (arguments.json) {
    print_json(json, 2);
  } else {
    print_lines(cat(experiment::to_text(*summary),
                    "\npage: ", printable((folder / "index.html").string()), "\n"));
  }
  return kExitDone;
}

}  // namespace

void add_experiment_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ExperimentArguments>();
  CLI::App* command = app.add_subcommand(
      "experiment", "Arms × seeds at equal budgets: differences with intervals; resumes");
  as_path(
      command->add_option("--config", arguments->config, "Configuration of the experiment (YAML)"))
      ->required();
  as_path(command->add_option("--work-dir", arguments->work_dir, "Folder of its jobs (work_dir)"));
  command->add_option("--arms", arguments->arms, "Arms, joined by commas (arms)")->delimiter(',');
  command->add_option("--seeds", arguments->seeds, "Repetitions (seeds)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--jobs-at-once", arguments->jobs_at_once,
                   "Jobs that run at the same time (jobs_at_once)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--set", arguments->set,
                   "A value of all jobs' configurations, after the file's (set): train.pairs=1000")
      ->allow_extra_args(false);
  command->add_flag("--json", arguments->json, "Print JSON instead of text");
  command->add_flag("--dry-run", arguments->dry_run, "Check the configurations and print the jobs");
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace helip::cli
