#include "worker/table_requests.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/json_reason.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "worker/remine.h"

namespace helip::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr auto kPause = std::chrono::milliseconds(20);
constexpr const char* kOver = "over";           // of the training: no more requests
constexpr const char* kStopped = "stopped";     // of the training, by a signal
constexpr const char* kNoMiners = "no_miners";  // of the miners, by a signal
constexpr const char* kRequest = "request-";
// What rank 0 of the miners tells the others besides a request's name.
constexpr const char* kNothingYet = "";
constexpr const char* kDone = "done";
constexpr const char* kStop = "stop";

struct Request {
  rpc::TaskSpec training;
  train::RemineRequest table;
};

Request read_request(const fs::path& file) {
  try {
    const json entry = json::parse(read_text_file(file));
    Request request;
    request.training = rpc::task_spec_from_json(entry.at("training").dump(), file.string());
    request.table = {.version = entry.at("version").get<std::uint32_t>(),
                     .step = entry.at("step").get<std::uint64_t>(),
                     .first_step = entry.at("first_step").get<std::uint64_t>(),
                     .checkpoint = entry.at("checkpoint").get<std::string>(),
                     .previous_table = entry.at("previous_table").get<std::string>(),
                     .table = entry.at("table").get<std::string>()};
    return request;
  } catch (const json::exception& problem) {
    throw StoreError({.what = "a damaged request for a table",
                      .where = file.string(),
                      .expected = {},
                      .found = json_reason(problem)});
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
      if (!done.contains(name) && fs::exists(read_request(folder / name).table.checkpoint)) {
        return name;
      }
    }
    std::this_thread::sleep_for(kPause);
  }
  return kNothingYet;
}

}  // namespace

bool mines_apart(const config::RunConfig& config, const Rank& rank) {
  const std::uint32_t miners = config.remine.workers;
  if (miners == 0) return false;
  if (miners >= rank.size) {
    throw ConfigError({.what = "no rank would be left to train",
                       .where = "remine.workers",
                       .expected = cat("fewer than the launch's ranks, ", rank.size),
                       .found = cat(miners)});
  }
  return rank.rank >= rank.size - miners;
}

fs::path exchange_folder(const fs::path& work_dir, const Rank& rank) {
  return work_dir / "remine" / rank.launch;
}

void TableRequests::ask(const rpc::TaskSpec& training, const train::RemineRequest& request) const {
  fs::remove_all(request.table);
  fs::create_directories(folder_);
  const json entry = {{"training", json::parse(rpc::to_json(training))},
                      {"version", request.version},
                      {"step", request.step},
                      {"first_step", request.first_step},
                      {"checkpoint", request.checkpoint.string()},
                      {"previous_table", request.previous_table.string()},
                      {"table", request.table.string()}};
  const fs::path file = folder_ / cat(kRequest, training.seed, "-", request.version, ".json");
  publish_file(file, entry.dump(2) + "\n");
}

bool TableRequests::is_there(const train::RemineRequest& request) {
  return fs::exists(request.table);
}

bool TableRequests::miners_stop() const { return fs::exists(folder_ / kNoMiners); }

void TableRequests::end(bool stopped) const {
  fs::create_directories(folder_);
  publish_file(folder_ / (stopped ? kStopped : kOver), "");
}

bool mine_for_training(const fs::path& folder, const MinerOptions& options, comm::Group& group) {
  const double patience = options.config.train.collective_timeout_seconds / 4;
  const auto should_stop = [&] {
    if (!options.should_stop()) return false;
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
    const Request request = read_request(folder / word);
    remine({.config = options.config,
            .training = request.training,
            .local_rank = options.rank.local_rank,
            .device = options.device,
            .should_stop = stops},
           request.table, group);
    done.insert(word);
  }
}

}  // namespace helip::worker
