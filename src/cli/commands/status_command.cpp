// helip status
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/job_text.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "jobs/work_dir.h"
#include "rpc/status_client.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string coordinator, work_dir;
  bool json = false, exit_code = false;
  double watch_seconds = 0;  // 0: once
};

// Where to ask: an address, or a work directory that may know one.
struct Source {
  std::string address;
  fs::path work_dir;
};

Source find_source(const Options& options) {
  // A work directory that was named has the last snapshot, should the address not answer.
  if (!options.coordinator.empty()) return {options.coordinator, options.work_dir};
  const char* variable = std::getenv("HELIP_COORDINATOR");
  if (variable != nullptr && *variable != '\0') return {variable, options.work_dir};
  Source source{{}, options.work_dir.empty() ? fs::path("work") : fs::path(options.work_dir)};
  const fs::path file = jobs::WorkDir(source.work_dir).address();
  if (fs::exists(file)) {
    source.address = read_text_file(file);
    while (!source.address.empty() && source.address.back() == '\n') source.address.pop_back();
  }
  return source;
}

int code_of(rpc::JobState state) {
  switch (state) {
    case rpc::JobState::kDone:
      return kExitDone;
    case rpc::JobState::kFailed:
      return kExitFailed;
    case rpc::JobState::kStopped:
      return kExitPreempted;
    case rpc::JobState::kRunning:
      break;
  }
  return kExitRunning;
}

void print(const rpc::JobStatus& status, const Options& options) {
  if (options.json) {
    std::cout << rpc::to_json(status) << std::flush;
  } else {
    print_lines(full_text(status));
  }
}

// The last snapshot, when nobody answers.
int print_saved(const Source& source, const Options& options, const std::string& why) {
  const fs::path file = jobs::WorkDir(source.work_dir).status();
  if (source.work_dir.empty() || !fs::exists(file)) {
    std::cerr << "error: "
              << to_line(
                     {.what = "no coordinator answers",
                      .where = source.address.empty() ? source.work_dir.string() : source.address,
                      .found = why})
              << "\n";
    return kExitUnreachable;
  }
  const std::string text = read_text_file(file);
  const rpc::SavedStatus saved = rpc::job_status_from_json(text, file.string());
  if (options.json) {
    std::cout << text;
  } else {
    print_lines(cat("nobody listens; snapshot of ",
                    human_seconds(std::max(0.0, wall_seconds() - saved.saved_at)), " ago\n",
                    full_text(saved.status)));
  }
  return saved.status.state == rpc::JobState::kDone ? kExitDone : kExitUnreachable;
}

int status(const Options& options) {
  const Source source = find_source(options);
  if (source.address.empty()) return print_saved(source, options, "no address published");
  try {
    rpc::StatusClient client(source.address, 3);
    rpc::JobStatus last;
    if (options.watch_seconds > 0) {
      const bool redraw = !options.json && isatty(STDOUT_FILENO) == 1;
      client.watch(options.watch_seconds, [&](const rpc::JobStatus& status) {
        last = status;
        if (redraw) std::cout << "\x1b[H\x1b[2J";
        print(status, options);
        return true;
      });
    } else {
      last = client.status();
      print(last, options);
    }
    return options.exit_code ? code_of(last.state) : static_cast<int>(kExitDone);
  } catch (const rpc::RpcError& error) {
    if (error.code() != rpc::RpcCode::kUnavailable) throw;
    return print_saved(source, options, error.what());
  }
}

}  // namespace

void add_status_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("status", "Stage, progress, rate, ETA, losses, a row per worker");
  command->add_option("--coordinator", options->coordinator, "host:port (HELIP_COORDINATOR)");
  as_path(command->add_option("--work-dir", options->work_dir, "Work directory (./work)"));
  auto* watch =
      command->add_option("--watch", options->watch_seconds, "Repeat after this many seconds (1)");
  watch->expected(0, 1)->default_str("1")->check(CLI::PositiveNumber);
  command->add_flag("--json", options->json, "JSON with schema_version");
  command->add_flag("--exit-code", options->exit_code, "0 done, 1 failed, 4 running, 75 stopped");
  command->callback([options, watch, &exit_code] {
    if (watch->count() > 0 && options->watch_seconds <= 0) options->watch_seconds = 1;
    exit_code = status(*options);
  });
}

}  // namespace helip::cli
