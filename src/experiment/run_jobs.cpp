#include "experiment/run_jobs.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/clock.h"
#include "common/error.h"
#include "common/process/child_process.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/to_yaml.h"

namespace helip::experiment {
namespace {

namespace fs = std::filesystem;

constexpr auto kPollInterval = std::chrono::milliseconds(100);
// `helip run`'s exit codes.
constexpr int kDone = 0, kWrongConfig = 2;

// Returns the name of the job's files, which lie beside those of all others: "arms-helip-seed-1".
std::string file_name(const PlannedJob& job) {
  std::string name = job.name;
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

// What a job said last, in one line.
std::string last_words(const fs::path& log) {
  std::string text = read_text_file(log);
  text.erase(text.find_last_not_of(" \n") + 1);
  return shortened(text.substr(text.rfind('\n') + 1), kMostLineBytes);
}

class RunningJob {
 public:
  RunningJob(const PlannedJob& job, const RunJobsOptions& options)
      : job_(job),
        log_(options.folder / "logs" / (file_name(job) + ".log")),
        began_(monotonic_seconds()) {
    const fs::path config = options.folder / "configs" / (file_name(job) + ".yaml");
    publish_file(config, config::to_yaml(job.config));
    process_ = std::make_unique<ChildProcess>(
        ChildProgram{.arguments = {options.program.string(), "run", "--config", config.string(),
                                   "--until", std::string(jobs::name_of(job.until))},
                     .environment = current_environment(),
                     .log_file = log_});
  }

  [[nodiscard]] const PlannedJob& job() const { return job_; }
  [[nodiscard]] double seconds() const { return monotonic_seconds() - began_; }
  std::optional<int> poll() { return process_->poll(); }
  void stop() { process_->signal(SIGTERM); }

  [[noreturn]] void fail(int code) const {
    const Problem problem{.what = "a job of the experiment failed",
                          .where = cat(job_.name, ", ", log_.string()),
                          .expected = "exit code 0",
                          .found = cat(code, ": ", last_words(log_))};
    if (code == kWrongConfig) throw ConfigError(problem);
    throw Error(problem);
  }

 private:
  const PlannedJob& job_;
  fs::path log_;
  double began_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace

bool run_jobs(const std::vector<PlannedJob>& jobs, const RunJobsOptions& options) {
  std::vector<std::unique_ptr<RunningJob>> running;
  std::unique_ptr<RunningJob> failed;
  int failure = 0;
  int stops = 0;
  auto next = jobs.begin();
  const auto tell = [&](const RunningJob& job, bool ended) {
    if (options.on_event) options.on_event({&job.job(), ended, job.seconds()});
  };
  while (true) {
    for (; options.stops && stops < options.stops(); ++stops) {
      for (const auto& job : running) job->stop();
    }
    while (stops == 0 && !failed && next != jobs.end() && running.size() < options.at_once) {
      running.push_back(std::make_unique<RunningJob>(*next++, options));
      tell(*running.back(), false);
    }
    if (running.empty()) break;
    for (auto& job : running) {
      const std::optional<int> code = job->poll();
      if (!code) continue;
      if (*code == kDone) {
        tell(*job, true);
      } else if (stops == 0 && !failed) {
        failure = *code;
        failed = std::move(job);
        continue;
      }
      job.reset();
    }
    std::erase(running, nullptr);
    if (!running.empty()) std::this_thread::sleep_for(kPollInterval);
  }
  if (failed) failed->fail(failure);
  return stops == 0 && next == jobs.end();
}

}  // namespace helip::experiment
