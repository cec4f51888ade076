// A job on a small invented corpus, and a stand-in for a worker that makes up results.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/clock.h"
#include "common/digest.h"
#include "common/publish.h"
#include "common/text.h"
#include "coordinator/job.h"
#include "support/temporary_folder.h"

namespace helip::test {

// Time that stands still until told to move.
class HandClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return now_; }
  void advance(double seconds) {
    now_ += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  }

 private:
  TimePoint now_{std::chrono::seconds(1000)};
};

// 10 pairs; encoded in ranges of 4, mined in ranges of 5, trained once, no evaluation.
inline config::RunConfig small_config() {
  config::RunConfig config;
  config.corpus.path = "/corpus";
  config.model.architecture = "tiny";
  config.encoder.task_samples = 4;
  config.mining.task_targets = 5;
  config.mining.task_seconds = 0;
  config.train.steps = 100;
  config.coordinator.lease_seconds = 30;
  config.coordinator.max_attempts = 2;
  return config;
}

inline std::vector<coordinator::Range> cut(std::uint64_t pairs,
                                           const config::MiningConfig& /*mining*/,
                                           std::uint64_t first, std::uint64_t targets) {
  std::vector<coordinator::Range> ranges;
  for (; first < pairs; first += targets) {
    ranges.push_back({first, std::min(targets, pairs - first)});
  }
  return ranges;
}

class JobFixture {
 public:
  explicit JobFixture(config::RunConfig configuration = small_config())
      : config(std::move(configuration)), work_dir(folder.path() / "work") {
    open();
  }

  void open(bool drop_leases = true, coordinator::Stage until = coordinator::Stage::kReport) {
    job.reset();
    coordinator::JobOptions options;
    options.model_digest = model_digest;
    options.drop_leases = drop_leases;
    options.until = until;
    job = std::make_unique<coordinator::Job>(config, work_dir, cut, clock, options);
  }

  rpc::RegisterReply enroll(std::vector<rpc::Stage> stages = {rpc::kStages.begin(),
                                                              rpc::kStages.end()},
                            const std::string& launch = "launch", std::uint32_t rank = 0,
                            std::uint32_t size = 1) {
    rpc::RegisterRequest request;
    request.launch = launch;
    request.rank = rank;
    request.world_size = size;
    request.stages = std::move(stages);
    return job->register_worker(request);
  }

  rpc::AcquireReply acquire(const rpc::RegisterReply& worker, bool in_group = false) {
    rpc::AcquireRequest request;
    request.worker = worker.worker;
    request.epoch = worker.epoch;
    request.in_group = in_group;
    return job->acquire(request);
  }

  rpc::Lease lease(const rpc::RegisterReply& worker, bool in_group = false) {
    return std::get<rpc::Lease>(acquire(worker, in_group));
  }

  // What a worker would report, with its products on disk where later starts look for them.
  std::string make_result(const rpc::TaskSpec& spec) const {
    const auto product = [](const std::filesystem::path& file) { publish_file(file, "x"); };
    switch (spec.stage) {
      case rpc::Stage::kIndex:
        product(spec.path("index") / "manifest.json");
        product(spec.path("index") / "location.txt");
        return cat(
            R"({"pairs":10,"fingerprint":"f","model_digest":"m","locked_towers":false,"corpus":")",
            spec.path("index").string(), "\"}");
      case rpc::Stage::kEncode:
        if (spec.kind == "range") return cat(R"({"quarantined":)", range_quarantined, "}");
        product(spec.path("embeddings") / "img_emb" / "img_emb_0.npy");
        product(spec.path("embeddings") / "text_emb" / "text_emb_0.npy");
        product(spec.path("quarantine") / "quarantine.npy");
        return R"({"embeddings_digest":"e","features_digest":"","quarantined":3})";
      case rpc::Stage::kMine:
        if (spec.kind == "merge") product(spec.path("hard_pairs") / "manifest.json");
        return "{}";
      case rpc::Stage::kTrain:
        product(spec.path("model") / "weights");
        return R"({"steps":100})";
      case rpc::Stage::kReport:
        product(spec.path("work_dir") / "report" / "index.html");
        return "{}";
      case rpc::Stage::kEval:
        if (spec.kind == "merge") product(spec.path("results_file"));
        return "{}";
    }
    return "{}";
  }

  rpc::CompleteRequest finished(const rpc::Lease& lease, const std::string& salt = "") const {
    const rpc::TaskSpec spec = rpc::task_spec_from_json(lease.spec, "test");
    rpc::CompleteRequest done;
    done.task = lease.task;
    done.fence = lease.fence;
    done.result = make_result(spec);
    const std::string content = rpc::result_envelope(spec, done.result) + salt;
    done.sha256 = sha256_hex(content);
    done.bytes = content.size();
    publish_file(rpc::result_file(work_dir.root(), spec.stage, spec.name, rpc::number(lease.fence),
                                  done.sha256, rpc::result_extension(spec)),
                 content);
    return done;
  }

  // Works as one worker until told to leave; returns the reason. `tasks` limits how many it takes.
  std::string work_until_told_to_leave(const rpc::RegisterReply& worker, int tasks = 1000) {
    bool in_group = false;
    while (tasks > 0) {
      const auto answer = acquire(worker, in_group);
      if (const auto* lease = std::get_if<rpc::Lease>(&answer)) {
        job->complete(finished(*lease));
        --tasks;
      } else if (std::holds_alternative<rpc::EnterTraining>(answer)) {
        in_group = true;
      } else if (const auto* leave = std::get_if<rpc::Leave>(&answer)) {
        if (!in_group) return leave->reason;
        in_group = false;
      } else {
        return "waiting";
      }
    }
    return "had enough";
  }

  TemporaryFolder folder;
  config::RunConfig config;
  coordinator::WorkDir work_dir;
  int range_quarantined = 0;       // what each encode task says
  std::string model_digest = "m";  // of the model that the job finds when it is opened
  HandClock clock;
  std::unique_ptr<coordinator::Job> job;
};

}  // namespace helip::test
