#include "worker/stages/remine.h"

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/index_range.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "engine/engine.h"
#include "mining/encode/encode_job.h"
#include "mining/encode/merge_embeddings.h"
#include "mining/mining_job.h"
#include "mining/table/table_compare.h"
#include "worker/stages/mining_parts.h"

namespace helip::worker {
namespace {

namespace fs = std::filesystem;

constexpr auto kPause = std::chrono::milliseconds(20);
constexpr const char* kStopped = "stopped";

// A rank was asked to stop.
struct Stopped {};

class Remining {
 public:
  Remining(Workbench& bench, const jobs::Task& training, const train::RemineRequest& request,
           comm::Group& ranks, const std::function<bool()>& should_stop)
      : bench_(bench),
        training_(training),
        request_(request),
        ranks_(ranks),
        should_stop_(should_stop),
        pairs_(training.corpus.pairs),
        work_(request.table.string() + ".work"),
        is_first_(ranks.rank() == 0) {}

  bool run() {
    const double began = monotonic_seconds();
    if (is_first_) {
      // What a killed attempt left is of the same weights, but of who knows how many ranks.
      fs::remove_all(request_.table);
      fs::remove_all(work_);
      fs::create_directories(work_);
      log::info(
          cat("mining table ", request_.version, " with the weights of step ", request_.step));
    }
    ranks_.barrier();
    std::string outcome = "mined";
    try {
      encode();
      mine();
    } catch (const Stopped&) {
      outcome = kStopped;
    }
    // Ranks may see the wish to stop before and after the table is there; rank 0's view counts.
    if (ranks_.broadcast_text(outcome) == kStopped) return false;
    if (is_first_) tell(monotonic_seconds() - began);
    return true;
  }

 private:
  void go_on() const {
    if (should_stop_()) publish_file(work_ / kStopped, "");
    if (fs::exists(work_ / kStopped)) throw Stopped{};
  }

  void wait_for(const fs::path& file) const {
    while (!fs::exists(file)) {
      go_on();
      std::this_thread::sleep_for(kPause);
    }
  }

  [[nodiscard]] mining::Progress progress() const {
    return [this](std::uint64_t, std::uint64_t) { go_on(); };
  }

  // This rank's share of the ranges, each into a file of its own; the list of all of them.
  template <typename Make>
  std::vector<mining::TaskResult> make_ranges(const char* kind,
                                              const std::vector<IndexRange>& ranges,
                                              const Make& make) const {
    std::vector<mining::TaskResult> results;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      results.push_back({ranges[i], work_ / cat(kind, "-", ranges[i].first, ".safetensors")});
      if (i % static_cast<std::size_t>(ranks_.size()) == static_cast<std::size_t>(ranks_.rank())) {
        make(results.back());
      }
    }
    return results;
  }

  void wait_for_all(const std::vector<mining::TaskResult>& results) const {
    for (const mining::TaskResult& result : results) wait_for(result.file);
  }

  void encode() {
    mining::EncodeConfig config = mining::encode_config(bench_.config());
    config.model.init = request_.checkpoint.string();
    const std::vector<IndexRange> ranges = cut_range(0, pairs_, config.encoder.task_samples);
    std::vector<mining::TaskResult> results;
    {
      const auto session = engine::engine().open_encode_session(
          config, training_.corpus.folder, bench_.work_dir().feature_cache(config.encoder),
          bench_.device());
      results = make_ranges("encode", ranges, [&](const mining::TaskResult& result) {
        session->encode(result.range.first, result.range.count, result.file, {}, progress());
      });
    }
    if (is_first_) {
      wait_for_all(results);
      mining::EncodeOutput output;
      output.embeddings = work_ / "embeddings";
      output.quarantine = work_ / "quarantine";
      publish_file(work_ / "encoded",
                   mining::merge_embeddings(results, pairs_, output, progress()).embeddings_digest);
    }
    wait_for(work_ / "encoded");
  }

  void mine() {
    const mining::MiningInput input =
        mining_input(work_ / "embeddings" / "img_emb", work_ / "embeddings" / "text_emb",
                     training_.corpus, bench_.work_dir());
    const config::MiningConfig& config = bench_.config().mining;
    const mining::MiningSession session(
        input, config, bench_.config().launcher.threads_per_worker,
        static_cast<int>(request_.version),
        mining::mining_device(bench_.config().launcher.device, bench_.rank().local_rank, config));
    const auto results = make_ranges(
        "mine", mining::mining_tasks(pairs_, config, 0, config.task_targets),
        [&](const mining::TaskResult& result) {
          session.mine_to_file(result.range.first, result.range.count, result.file, {}, progress());
        });
    if (is_first_) {
      wait_for_all(results);
      const mining::TableProvenance provenance = provenance_of(
          training_, config, read_text_file(work_ / "encoded"), [&] { return session.recall(); });
      mining::merge_into_table(results, pairs_, config, static_cast<int>(request_.version),
                               provenance, request_.table);
    }
    wait_for(request_.table);
  }

  void tell(double seconds) const {
    fs::remove_all(work_);
    const auto comparison =
        mining::compare_tables(store::HardPairTable::open(request_.previous_table),
                               store::HardPairTable::open(request_.table));
    log::info(cat("table ", request_.version, " is mined in ", decimal(seconds, 1),
                  " s, drawn from since step ", request_.first_step, "; Jaccard index with table ",
                  request_.version - 1, ": ", decimal(comparison.mean_jaccard, 4)));
  }

  Workbench& bench_;
  const jobs::Task& training_;
  const train::RemineRequest& request_;
  comm::Group& ranks_;
  const std::function<bool()>& should_stop_;
  const std::uint64_t pairs_;
  const fs::path work_;
  const bool is_first_;
};

}  // namespace

bool remine(Workbench& bench, const jobs::Task& training, const train::RemineRequest& request,
            comm::Group& ranks, const std::function<bool()>& should_stop) {
  return Remining(bench, training, request, ranks, should_stop).run();
}

}  // namespace helip::worker
