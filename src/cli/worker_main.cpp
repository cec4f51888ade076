// helip_worker: one per GPU or CPU slice, started by mpirun or srun.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "cli/guarded_main.h"
#include "cli/path_option.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/parse.h"
#include "jobs/work_dir.h"
#include "rpc/scheduler_client.h"
#include "rpc/version.h"
#include "worker/lease_loop.h"
#include "worker/parent_watch.h"
#include "worker/stage_task_runner.h"
#include "worker/stop_signals.h"

namespace {

using namespace helip;

struct Options {
  std::string coordinator, work_dir, stages = "all";
  double orphan_timeout = 300;
};

// The address that the coordinator published last; empty if there is none.
std::string published_address(const std::filesystem::path& work_dir) {
  const auto file = jobs::WorkDir(work_dir).address();
  if (work_dir.empty() || !std::filesystem::exists(file)) return {};
  std::string address = read_text_file(file);
  while (!address.empty() && address.back() == '\n') address.pop_back();
  return address;
}

std::string find_coordinator(const Options& options) {
  if (!options.coordinator.empty()) return options.coordinator;
  if (const char* variable = std::getenv("HELIP_COORDINATOR")) return variable;
  std::string published = published_address(options.work_dir);
  if (published.empty()) {
    throw ConfigError({.what = "no coordinator named",
                       .expected = "--coordinator HOST:PORT, HELIP_COORDINATOR or a --work-dir "
                                   "with a running coordinator"});
  }
  return published;
}

// What the coordinator sent is what its file says: both builds must read the same from it.
config::RunConfig read_config(const rpc::RegisterReply& job) {
  config::RunConfig config =
      config::parse_config(job.config_yaml, "the coordinator's configuration", job.work_dir);
  const std::string digest = config::config_digest(config);
  if (digest != job.config_digest) {
    throw ConfigError({.what = "this program reads the coordinator's configuration differently",
                       .where = "config_digest",
                       .expected = job.config_digest,
                       .found = digest});
  }
  return config;
}

int work(const Options& options, const worker::Rank& rank) {
  // After a restart the coordinator listens elsewhere; the work directory, once known, tells where.
  const std::string first_address = find_coordinator(options);
  auto work_dir = std::make_shared<std::filesystem::path>(options.work_dir);
  bool first = true;
  const auto connect = [&]() -> std::shared_ptr<rpc::Scheduler> {
    const std::string published = first ? std::string() : published_address(*work_dir);
    first = false;
    return std::make_shared<rpc::SchedulerClient>(published.empty() ? first_address : published);
  };
  const SystemClock clock;
  worker::ConnectionOptions connection_options;
  connection_options.orphan_timeout_seconds = options.orphan_timeout;
  worker::Connection connection(connect, clock, worker::wait_unless_stopped, connection_options);

  worker::LoopOptions loop;
  loop.rank = rank;
  loop.host = worker::host_name();
  loop.pid = getpid();
  loop.stages = jobs::stages_from_list(options.stages, "--stages");
  loop.stop_asked = [] { return worker::stop_signals() > 0; };
  loop.wait = worker::wait_unless_stopped;
  loop.end_process = [](int exit_code) { _exit(exit_code); };
  worker::LeaseLoop lease_loop(
      connection, clock, std::move(loop), [&](const rpc::RegisterReply& job) {
        *work_dir = job.work_dir;
        return worker::make_stage_task_runner(read_config(job), rank, jobs::WorkDir(job.work_dir));
      });
  return lease_loop.run();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Takes tasks of a HELIP job from its coordinator until there are none left.",
               "helip_worker"};
  app.set_version_flag("--version", "helip_worker " + rpc::build_name());
  Options options;
  app.add_option("--coordinator", options.coordinator, "host:port (HELIP_COORDINATOR)");
  cli::as_path(
      app.add_option("--work-dir", options.work_dir, "Work directory, to find the coordinator in"));
  app.add_option(
      "--stages", options.stages,
      "Stages to take tasks of: a list of index, encode, mine, train, eval and report, or all");
  app.add_option("--orphan-timeout", options.orphan_timeout,
                 "Seconds without a coordinator after which the worker leaves (exit code 75)")
      ->check(CLI::PositiveNumber);
  bool logging = false;
  try {
    return cli::guarded_main(
        [&] {
          cli::parse_words(app, argc, argv);
          const worker::Rank rank = worker::this_rank();
          log::start(cat("helip_worker ", rank.rank), log::Level::kInfo);
          logging = true;
          worker::catch_stop_signals();
          std::optional<worker::ParentWatch> watch;
          if (rank.launched) watch.emplace();
          return work(options, rank);
        },
        &logging);
  } catch (const CLI::ParseError& help) {
    return app.exit(help, std::cout, std::cerr);
  }
}
