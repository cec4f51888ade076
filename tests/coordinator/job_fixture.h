// A job on a small invented corpus, and a stand-in for a worker that makes up results.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/clock.h"
#include "common/digest.h"
#include "common/publish.h"
#include "common/text.h"
#include "coordinator/cut.h"
#include "coordinator/job.h"
#include "jobs/encode.h"
#include "jobs/eval.h"
#include "jobs/index.h"
#include "jobs/mine.h"
#include "jobs/report.h"
#include "jobs/result_file.h"
#include "jobs/train.h"
#include "store/safetensors.h"
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
    options.data_stamps = data_stamps;
    options.drop_leases = drop_leases;
    options.until = until;
    job = std::make_unique<coordinator::Job>(config, work_dir, cut, clock, options);
  }

  rpc::RegisterReply enroll(std::vector<jobs::Stage> stages = {jobs::kStages.begin(),
                                                               jobs::kStages.end()},
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

  // What a worker would find, with its products on disk where later starts look for them.
  std::string make_result(const jobs::Task& task) const {
    const auto product = [](const std::filesystem::path& file) { publish_file(file, "x"); };
    const bool merge = task.kind == jobs::kMerge;
    switch (task.stage) {
      case jobs::Stage::kIndex:
        product(work_dir.corpus() / "manifest.json");
        product(work_dir.location());
        return jobs::to_json(jobs::IndexResult{.corpus = {.folder = work_dir.corpus().string(),
                                                          .fingerprint = "f",
                                                          .model_digest = "m",
                                                          .pairs = pairs}});
      case jobs::Stage::kEncode:
        if (!merge) {
          return jobs::to_json(
              jobs::EncodeResult{.samples = jobs::body_of<jobs::EncodeTask>(task).count,
                                 .quarantined = range_quarantined});
        }
        product(work_dir.image_embeddings(config) / "img_emb_0.npy");
        product(work_dir.text_embeddings(config) / "text_emb_0.npy");
        product(work_dir.corpus() / "quarantine.npy");
        return jobs::to_json(jobs::MergeEncodedResult{.quarantined = 3, .embeddings_digest = "e"});
      case jobs::Stage::kMine:
        if (!merge) {
          return jobs::to_json(
              jobs::MineResult{.targets = jobs::body_of<jobs::MineTask>(task).count});
        }
        product(work_dir.first_table() / "manifest.json");
        return jobs::to_json(jobs::MergeMinedResult{.pairs = task.corpus.pairs});
      case jobs::Stage::kTrain: {
        const std::uint64_t seed = jobs::body_of<jobs::TrainTask>(task).seed;
        product(work_dir.model(config.train, seed) / "weights");
        return jobs::to_json(jobs::TrainResult{.seed = seed, .steps = 100});
      }
      case jobs::Stage::kReport:
        product(work_dir.report());
        return jobs::to_json(jobs::ReportResult{});
      case jobs::Stage::kEval:
        break;
    }
    if (merge) {
      product(work_dir.class_recalls());
      product(work_dir.results());
      return jobs::to_json(jobs::MergeEvalResult{});
    }
    const auto asked = jobs::body_of<jobs::EvalDatasetTask>(task);
    const config::EvalDataset& dataset = config.eval.datasets.at(asked.dataset);
    jobs::EvalDatasetResult result;
    for (const config::EvalTask each : dataset.tasks) {
      result.scores.push_back({.dataset = dataset.name,
                               .model = "tiny",
                               .pretrained = jobs::weights_label(asked.seed),
                               .task = std::string(config::name_of(each)),
                               .metrics = {{"acc1", 0.5}}});
    }
    return jobs::to_json(result);
  }

  // Writes a result file as a worker does, and returns its sha256.
  static std::string write_result(const std::filesystem::path& file, const jobs::Task& task,
                                  const std::string& result, const std::string& salt = "") {
    if (task.kind == jobs::kRange) {
      auto metadata = jobs::result_metadata(task, result);
      if (!salt.empty()) metadata["salt"] = salt;
      return store::write_safetensors(file, {}, metadata);
    }
    const std::string content = jobs::result_text(task, result) + salt;
    publish_file(file, content);
    return sha256_hex(content);
  }

  // Publishes `result` as the result of a leased task.
  rpc::CompleteRequest finished_with(const rpc::Lease& lease, const std::string& result,
                                     const std::string& salt = "") const {
    const jobs::Task task = jobs::task_from_json(lease.spec, "test");
    rpc::CompleteRequest done;
    done.task = lease.task;
    done.fence = lease.fence;
    const auto results = work_dir.tasks(task.stage);
    std::filesystem::create_directories(results);
    done.sha256 = write_result(results / "new", task, result, salt);
    done.bytes = std::filesystem::file_size(results / "new");
    std::filesystem::rename(
        results / "new", results / jobs::result_name(task, rpc::number(lease.fence), done.sha256));
    return done;
  }

  rpc::CompleteRequest finished(const rpc::Lease& lease, const std::string& salt = "") const {
    return finished_with(lease, make_result(jobs::task_from_json(lease.spec, "test")), salt);
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
  jobs::WorkDir work_dir;
  std::uint64_t pairs = 10;
  std::uint64_t range_quarantined = 0;          // what each encode task says
  std::optional<jobs::DataStamps> data_stamps;  // of the data sets' files likewise
  std::string model_digest = "m";               // of the model that the job finds when it is opened
  HandClock clock;
  std::unique_ptr<coordinator::Job> job;
};

inline rpc::HeartbeatRequest beat(const rpc::RegisterReply& worker) {
  rpc::HeartbeatRequest request;
  request.worker = worker.worker;
  request.epoch = worker.epoch;
  return request;
}

inline rpc::HeartbeatRequest beat(const rpc::RegisterReply& worker, const rpc::Lease& lease,
                                  std::uint64_t done) {
  rpc::HeartbeatRequest request = beat(worker);
  rpc::LeaseProgress progress;
  progress.task = lease.task;
  progress.fence = lease.fence;
  progress.done = done;
  request.leases.push_back(progress);
  return request;
}

inline std::vector<rpc::TaskRow> all_tasks(const coordinator::Job& job) {
  std::uint64_t matching = 0;
  return job.tasks({}, {}, 0, 1000, matching);
}

// Returns why a call was refused, and fails the test if it was not.
template <typename Call>
rpc::RpcCode refused(Call&& call) {
  try {
    call();
  } catch (const rpc::RpcError& error) {
    return error.code();
  }
  FAIL("the call was not refused");
  return rpc::RpcCode::kInternal;
}

}  // namespace helip::test
