// helip_coordinator: the coordinator alone; workers attach by hand, or it launches them when told
// to.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "cli/guarded_main.h"
#include "cli/path_option.h"
#include "cli/preflight/check_inputs.h"
#include "cli/preflight/launch_check.h"
#include "cli/run_job.h"
#include "common/error.h"
#include "config/parse.h"
#include "config/validate.h"
#include "rpc/version.h"

int main(int argc, char** argv) {
  using namespace helip;
  CLI::App app{"Owns a HELIP job: leases its tasks to workers and answers status.",
               "helip_coordinator"};
  app.set_version_flag("--version", "helip_coordinator " + rpc::build_name());
  std::string config_file, work_dir, listen, launch = "none", until;
  std::vector<std::string> overrides;
  bool insecure_network = false;
  cli::as_path(app.add_option("--config", config_file, "Configuration (YAML)"))->required();
  cli::as_path(app.add_option("--work-dir", work_dir, "Work directory"))->required();
  app.add_option("--listen", listen, "host:port; port 0: a free one (coordinator.listen)");
  app.add_option("--launch", launch, "Start the workers: mpirun, or none (by hand)")
      ->check(CLI::IsMember({"mpirun", "none"}));
  app.add_option("--until", until, "Last stage");
  app.add_option("--set", overrides, "A value of the configuration: train.lr=1e-4")
      ->allow_extra_args(false);
  app.add_flag("--insecure-network", insecure_network,
               "Listen beyond loopback without encryption or authentication");
  try {
    return cli::guarded_main([&] {
      cli::parse_words(app, argc, argv);
      config::RunConfig config = config::load_config(config_file, overrides);
      config.output.work_dir = std::filesystem::absolute(work_dir).string();
      if (!listen.empty()) config.coordinator.listen = listen;
      if (insecure_network) config.coordinator.insecure_network = true;
      config::validate(config);
      cli::RunOptions options;
      if (!until.empty()) options.until = jobs::stage_from_name(until, "--until");
      cli::check_inputs(config, options.until);
      options.launch = launch == "mpirun";
      if (options.launch) cli::check_launch(config);
      return cli::run_job(config, options);
    });
  } catch (const CLI::ParseError& help) {
    return app.exit(help, std::cout, std::cerr);
  }
}
