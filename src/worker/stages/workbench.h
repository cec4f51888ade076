// What a worker keeps between its tasks: the engine on its device, and one session at a time, a
// model that encodes or a miner with the embeddings.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "config/run_config.h"
#include "jobs/task.h"
#include "jobs/work_dir.h"
#include "mining/encode/encode_job.h"
#include "mining/mining_job.h"
#include "worker/rank.h"

namespace helip::worker {

class Workbench {
 public:
  Workbench(config::RunConfig config, Rank rank, const jobs::WorkDir& work_dir)
      : config_(std::move(config)), rank_(std::move(rank)), work_dir_(work_dir) {}

  [[nodiscard]] const config::RunConfig& config() const { return config_; }
  [[nodiscard]] const Rank& rank() const { return rank_; }
  [[nodiscard]] const jobs::WorkDir& work_dir() const { return work_dir_; }

  // Returns this rank's device, "cpu" or "cuda:I"; loads the engine at the first call. Throws
  // ConfigError where launcher.device asks for a GPU that is not there.
  const std::string& device();
  // Returns the device, or nothing before the engine is loaded.
  [[nodiscard]] const std::string& known_device() const { return device_; }

  // Returns what encodes this corpus. Throws DataError or ConfigError if corpus or model is another
  // one than when the job began.
  mining::EncodeSession& encoder(const jobs::CorpusFacts& corpus);
  // Returns the miner over these embeddings; closes the encoder, whose memory they want. Throws
  // DataError if the corpus or the embeddings are not those of the job.
  const mining::MiningSession& miner(const jobs::CorpusFacts& corpus,
                                     const std::string& embeddings_digest);
  // Closes encoder and miner, whose memory others want.
  void close_sessions();

  // Throws DataError if the corpus is another one than the one that was indexed.
  static void expect_corpus(const jobs::CorpusFacts& corpus);
  // Throws ConfigError if the initial model, or what encodes, is another one than when the job
  // began: one job must not mix two models.
  void expect_model(const jobs::CorpusFacts& corpus) const;

 private:
  const config::RunConfig config_;
  const Rank rank_;
  const jobs::WorkDir work_dir_;
  std::string device_;
  std::unique_ptr<mining::EncodeSession> encoder_;
  std::optional<mining::MiningSession> miner_;
};

// Throws DataError if the arrays that `found` is the digest of, in `place`, are not the ones that
// encode wrote, whose digest is `expected`. `what` names them.
void expect_arrays(const std::string& what, const std::filesystem::path& place,
                   const std::string& found, const std::string& expected);

// Returns "cpu" or "cuda:I" for a rank. Throws ConfigError where launcher.device asks for a GPU
// that is not there.
std::string choose_device(config::DeviceChoice asked, std::uint32_t local_rank, int cuda_devices);

}  // namespace helip::worker
