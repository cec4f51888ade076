#include "worker/stages/table_requests.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/error_transfer.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "worker/stages/remine.h"

namespace helip::worker {
namespace {

namespace fs = std::filesystem;

constexpr auto kPause = std::chrono::milliseconds(20);
constexpr const char* kOver = "over";           // of the training: no more requests
constexpr const char* kStopped = "stopped";     // of the training, by a signal
constexpr const char* kNoMiners = "no_miners";  // of the miners, by a signal
constexpr const char* kFailed = "failed";       // of the miners; holds a text of pack_error
constexpr const char* kRequest = "request-";
// What rank 0 of the miners tells the others besides a request's name.
constexpr const char* kNothingYet = "";
constexpr const char* kDone = "done";
constexpr const char* kStop = "stop";

// The file of a request.
struct TableRequest : train::RemineRequest {
  std::string training;  // JSON of the training's task

  static constexpr auto fields() {
    using jobs::field;
    return std::tuple{field("training", &TableRequest::training),
                      field("version", &TableRequest::version),
                      field("step", &TableRequest::step),
                      field("first_step", &TableRequest::first_step),
                      field("checkpoint", &TableRequest::checkpoint),
                      field("previous_table", &TableRequest::previous_table),
                      field("table", &TableRequest::table)};
  }
};

TableRequest read_request(const fs::path& file) {
  try {
    return jobs::from_json<TableRequest>(read_text_file(file), file.string());
  } catch (const StoreError& problem) {
    throw StoreError(
        {.what = "a damaged request for a table", .where = file.string(), .found = problem.what()});
  }
}

// The first request that is not in `done` and whose checkpoint is written; kDone or kStop; or after
// `patience` seconds kNothingYet, so that the others, who wait in a collective, hear of rank 0.
std::string next_request(const fs::path& folder, const std::set<std::string>& done, double patience,
                         const std::function<bool()>& should_stop) {
  const double until = monotonic_seconds() + patience;
  while (monotonic_seconds() < until) {
    if (should_stop() || fs::exists(folder / kStopped)) return kStop;
    if (fs::exists(folder / kOver)) return kDone;
    std::set<std::string> waiting;
    if (fs::exists(folder)) {
      for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(kRequest) && name.ends_with(".json")) waiting.insert(name);
      }
    }
    for (const std::string& name : waiting) {
      // The training goes on while the checkpoint is written.
      if (!done.contains(name) && fs::exists(read_request(folder / name).checkpoint)) {
        return name;
      }
    }
    std::this_thread::sleep_for(kPause);
  }
  return kNothingYet;
}

}  // namespace

bool is_mining_rank(const config::RemineConfig& remine, const Rank& rank) {
  const std::uint32_t miners = remine.workers;
  if (miners == 0) return false;
  if (miners >= rank.size) {
    throw ConfigError({.what = "no rank would be left to train",
                       .where = "remine.workers",
                       .expected = cat("fewer than the launch's ranks, ", rank.size),
                       .found = cat(miners)});
  }
  return rank.rank >= rank.size - miners;
}

void TableRequests::ask(const jobs::Task& training, std::uint64_t seed,
                        const train::RemineRequest& request) const {
  fs::remove_all(request.table);
  fs::create_directories(folder_);
  const TableRequest entry{request, jobs::to_json(training)};
  publish_file(folder_ / cat(kRequest, seed, "-", request.version, ".json"),
               jobs::to_json(entry) + "\n");
}

bool TableRequests::is_there(const train::RemineRequest& request) {
  return fs::exists(request.table);
}

bool TableRequests::miners_stop() const {
  if (fs::exists(folder_ / kFailed)) throw_packed(read_text_file(folder_ / kFailed));
  return fs::exists(folder_ / kNoMiners);
}

void TableRequests::end(bool stopped) const {
  fs::create_directories(folder_);
  publish_file(folder_ / (stopped ? kStopped : kOver), "");
}

void TableRequests::fail(const std::exception& error, double patience,
                         const std::function<bool()>& should_stop) const {
  fs::create_directories(folder_);
  publish_file(folder_ / kFailed, pack_error(error));
  const double until = monotonic_seconds() + patience;
  while (monotonic_seconds() < until && !should_stop() && !fs::exists(folder_ / kOver) &&
         !fs::exists(folder_ / kStopped)) {
    std::this_thread::sleep_for(kPause);
  }
}

bool mine_for_training(Workbench& bench, comm::Group& group,
                       const std::function<bool()>& asked_to_stop) {
  const fs::path folder = bench.work_dir().exchange(bench.rank().launch);
  const double patience = bench.config().train.collective_timeout_seconds / 4;
  const auto should_stop = [&] {
    if (!asked_to_stop()) return false;
    fs::create_directories(folder);
    publish_file(folder / kNoMiners, "");
    return true;
  };
  const auto stops = [&] {
    return should_stop() || fs::exists(folder / kNoMiners) || fs::exists(folder / kStopped) ||
           fs::exists(folder / kOver);
  };
  std::set<std::string> done;
  while (true) {
    // Any miner's wish to stop reaches rank 0 by the file.
    const auto none_left = [&] { return should_stop() || fs::exists(folder / kNoMiners); };
    if (group.rank() != 0) should_stop();
    const std::string word = group.broadcast_text(
        group.rank() == 0 ? next_request(folder, done, patience, none_left) : std::string());
    if (word == kDone) return true;
    if (word == kStop) return false;
    if (word == kNothingYet) continue;
    const TableRequest asked = read_request(folder / word);
    const jobs::Task training = jobs::task_from_json(asked.training, (folder / word).string());
    remine(bench, training, asked, group, stops);
    done.insert(word);
  }
}

}  // namespace helip::worker
