// helip run
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/path_option.h"
#include "cli/preflight/check_inputs.h"
#include "cli/preflight/launch_check.h"
#include "cli/preflight/plan.h"
#include "cli/print.h"
#include "cli/run_job.h"
#include "common/error.h"
#include "config/parse.h"
#include "config/validate.h"

namespace helip::cli {
namespace {

struct Options {
  std::string config, work_dir, until;
  std::uint32_t workers = 0;
  std::vector<std::string> overrides;
  bool dry_run = false, insecure_network = false;
};

int run(const Options& options) {
  config::RunConfig config = config::load_config(options.config, options.overrides);
  if (!options.work_dir.empty()) {
    config.output.work_dir = std::filesystem::absolute(options.work_dir).string();
  }
  if (options.workers > 0) config.launcher.workers = options.workers;
  if (options.insecure_network) config.coordinator.insecure_network = true;
  config::validate(config);

  RunOptions run;
  if (!options.until.empty()) run.until = jobs::stage_from_name(options.until, "--until");
  check_inputs(config, run.until);
  run.launch = config.launcher.kind != config::LauncherKind::kNone;
  if (run.launch) check_launch(config);
  if (options.dry_run) {
    print_lines(plan_text(config, run.until));
    return kExitDone;
  }
  return run_job(config, run);
}

}  // namespace

void add_run_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("run", "The whole job; resumes what the work directory holds");
  as_path(command->add_option("--config", options->config, "Configuration (YAML)"))->required();
  as_path(command->add_option("--work-dir", options->work_dir, "Work directory (output.work_dir)"));
  command->add_option("--workers", options->workers, "Worker processes (launcher.workers)")
      ->check(CLI::PositiveNumber);
  command->add_option("--until", options->until,
                      "Last stage: index, encode, mine, train, eval or report");
  command->add_option("--set", options->overrides, "A value of the configuration: train.lr=1e-4")
      ->allow_extra_args(false);
  command->add_flag("--insecure-network", options->insecure_network,
                    "Listen beyond loopback without encryption or authentication");
  command->add_flag("--dry-run", options->dry_run, "Check the configuration and print the plan");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace helip::cli
