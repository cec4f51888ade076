// Times one miner over .npy embeddings: from the mapped embeddings to the table in memory. Prints
// JSON. usage: helip_time_miner [--device auto|cpu|cuda] IMAGES TEXTS K [targets [threads
// [instruction set [method [pool size [recall [way of the index]]]]]]]
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "config/read_choice.h"
#include "mining/kernels/int8_kernels.h"
#include "mining/mining_job.h"

namespace {

// A line of /proc/self/status in MiB: "RssAnon" leaves out mapped files.
double mebibytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) / 1024;
  }
  return -1;
}

// The most anonymous memory while it lives, looked at every 20 ms: the kernel keeps no peak of it.
class PeakAnonymous {
 public:
  PeakAnonymous() : thread_([this] { watch(); }) {}
  ~PeakAnonymous() { stop(); }
  PeakAnonymous(const PeakAnonymous&) = delete;
  PeakAnonymous& operator=(const PeakAnonymous&) = delete;

  // Ends the watch; in MiB.
  double stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    return peak_;
  }

 private:
  void watch() {
    std::unique_lock lock(mutex_);
    do {
      peak_ = std::max(peak_, mebibytes("RssAnon"));
    } while (!wake_.wait_for(lock, std::chrono::milliseconds(20), [&] { return stopped_; }));
    peak_ = std::max(peak_, mebibytes("RssAnon"));
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  double peak_ = 0;
  std::thread thread_;
};

// Returns the digest of all slots' indices and then their scores, as they lie in memory.
std::string rows_digest(std::span<const std::uint32_t> indices, std::span<const float> scores) {
  return helip::Sha256().update(std::as_bytes(indices)).update(std::as_bytes(scores)).hex();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace helip;
  std::string asked_device = "cpu";
  if (argc > 2 && std::string_view(argv[1]) == "--device") {
    asked_device = argv[2];
    argc -= 2;
    argv += 2;
  }
  if (argc < 4) {
    std::cerr << "usage: helip_time_miner [--device auto|cpu|cuda] IMAGES TEXTS K [targets "
                 "[threads [instruction set [method [pool size [recall [way of the index]]]]]]]\n";
    return kExitUsage;
  }
  const auto argument = [&](int i, const char* fallback) {
    return std::string(i < argc ? argv[i] : fallback);
  };
  try {
    config::MiningConfig config;
    config.hard_pairs_per_target = static_cast<std::uint32_t>(std::stoul(argument(3, "50")));
    const auto threads = static_cast<std::uint32_t>(std::stoul(argument(5, "1")));
    config.instruction_set =
        config::read_choice<config::InstructionSet>(argument(6, "auto"), "the instruction set");
    config.method = config::read_choice<config::MiningMethod>(argument(7, "exact"), "the method");
    config.pool_size = std::stoull(argument(8, "30000"));
    config.index = config::read_choice<config::IndexWay>(argument(10, "auto"), "the way");
    PeakAnonymous peak;
    const double began = monotonic_seconds();
    const mining::MiningDevice device = mining::mining_device(
        config::read_choice<config::DeviceChoice>(asked_device, "--device"), 0, config);
    const mining::MiningSession session({argv[1], argv[2], {}, {}}, config, threads, 1, device);
    const double opened = monotonic_seconds();
    const std::uint64_t asked = std::stoull(argument(4, "0"));
    const std::uint64_t targets = asked == 0 ? session.pairs() : asked;
    std::vector<std::uint32_t> indices(targets * session.slots());
    std::vector<float> scores(indices.size());
    std::vector<std::uint32_t> filled(targets);
    session.mine(0, targets, indices, scores, filled, {});
    const double ended = monotonic_seconds();
    const double share = static_cast<double>(session.compared()) /
                         (static_cast<double>(targets) * static_cast<double>(session.pairs()));
    const double recall = argc > 9 ? session.recall().recall : -1;
    std::cout << Json{{"pairs", session.pairs()},
                      {"targets", targets},
                      {"seconds", ended - began},
                      {"open_seconds", opened - began},
                      {"threads", threads},
                      {"device", session.device()},
                      {"instruction_set", mining::int8_kernel(argument(6, "auto")).name},
                      {"scanned_share", share},
                      {"recall", recall},
                      {"rows_sha256", rows_digest(indices, scores)},
                      {"peak_anonymous_mib", peak.stop()},
                      {"file_mib", mebibytes("RssFile")}}
                     .dump()
              << "\n";
    return kExitDone;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return kExitFailed;
  }
}
