#include "worker/stages/workbench.h"

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "data/corpus/manifest.h"
#include "engine/engine.h"
#include "mining/encode/job_digest.h"
#include "mining/pairs/embedding_files.h"
#include "worker/stages/mining_parts.h"

namespace helip::worker {

const std::string& Workbench::device() {
  if (!device_.empty()) return device_;
  const engine::Engine& table = engine::engine();
  table.set_threads(static_cast<int>(config_.launcher.threads_per_worker));
  device_ = choose_device(config_.launcher.device, rank_.local_rank, table.info().cuda_devices);
  log::info(cat("device ", device_, ", ", config_.launcher.threads_per_worker, " threads"));
  return device_;
}

mining::EncodeSession& Workbench::encoder(const jobs::CorpusFacts& corpus) {
  if (encoder_ == nullptr) {
    expect_corpus(corpus);
    expect_model(corpus);
    const std::string& where = device();
    encoder_ =
        engine::engine().open_encode_session(mining::encode_config(config_), corpus.folder,
                                             work_dir_.feature_cache(config_.encoder), where);
  }
  return *encoder_;
}

const mining::MiningSession& Workbench::miner(const jobs::CorpusFacts& corpus,
                                              const std::string& embeddings_digest) {
  if (miner_) return *miner_;
  encoder_.reset();
  expect_corpus(corpus);
  const mining::MiningInput input = mining_input(
      work_dir_.image_embeddings(config_), work_dir_.text_embeddings(config_), corpus, work_dir_);
  expect_arrays("embeddings", input.image_embeddings,
                mining::embeddings_digest(input.image_embeddings, input.text_embeddings),
                embeddings_digest);
  const mining::MiningDevice where =
      mining::mining_device(config_.launcher.device, rank_.local_rank, config_.mining);
  miner_.emplace(input, config_.mining, config_.launcher.threads_per_worker, 1, where);
  log::info(cat("mining on ", miner_->device()));
  return *miner_;
}

void Workbench::close_sessions() {
  encoder_.reset();
  miner_.reset();
}

void Workbench::expect_corpus(const jobs::CorpusFacts& corpus) {
  const auto file = std::filesystem::path(corpus.folder) / "manifest.json";
  const std::string found = data::read_manifest(file).fingerprint;
  if (found == corpus.fingerprint) return;
  throw DataError({.what = "the corpus is another one than when this job began",
                   .where = file.string(),
                   .expected = cat("fingerprint ", corpus.fingerprint),
                   .found = found});
}

void Workbench::expect_model(const jobs::CorpusFacts& corpus) const {
  const std::string found = mining::job_digest(config_.model, config_.encoder);
  if (found == corpus.model_digest) return;
  throw ConfigError(
      {.what = "the initial model or the encoder is another one than when this job began",
       .where = cat("model.architecture ", config_.model.architecture, ", model.init ",
                    config_.model.init),
       .expected = cat("digest ", corpus.model_digest),
       .found = found});
}

void expect_arrays(const std::string& what, const std::filesystem::path& place,
                   const std::string& found, const std::string& expected) {
  if (found == expected) return;
  throw DataError({.what = cat("the ", what, " are not the ones that encode wrote"),
                   .where = place.string(),
                   .expected = cat("digest ", expected),
                   .found = found});
}

std::string choose_device(config::DeviceChoice asked, std::uint32_t local_rank, int cuda_devices) {
  using config::DeviceChoice;
  if (asked == DeviceChoice::kCpu || (asked == DeviceChoice::kAuto && cuda_devices == 0)) {
    return "cpu";
  }
  if (cuda_devices == 0) {
    throw ConfigError({.what = "no GPU for this rank",
                       .where = "launcher.device",
                       .expected = "a CUDA device",
                       .found = "none"});
  }
  return cat("cuda:", local_rank % static_cast<std::uint32_t>(cuda_devices));
}

}  // namespace helip::worker
