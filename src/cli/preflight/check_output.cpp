#include <sys/statvfs.h>

#include <system_error>

#include "cli/preflight/check_parts.h"
#include "cli/preflight/model_plan.h"
#include "cli/preflight/scratch_folder.h"
#include "common/output_place.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "coordinator/claim.h"
#include "coordinator/listen_check.h"
#include "data/corpus/manifest.h"
#include "jobs/work_dir.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWorkDirKey = "output.work_dir";

void check_can_write(const fs::path& folder, const std::string& key) {
  const fs::path there = nearest_existing(folder);
  const std::string problem = writing_problem(there.string());
  if (problem.empty()) return;
  missing("the folder cannot be written", key, "a folder that can be made or written to",
          cat(there.string(), ": ", problem));
}

bool has_checkpoint(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with("step-")) return true;
  }
  return false;
}

bool was_trained(const jobs::WorkDir& work_dir, std::uint64_t seed) {
  std::error_code error;
  const std::string prefix = cat("seed-", seed, "-");
  for (const auto& entry : fs::directory_iterator(work_dir.tasks(jobs::Stage::kTrain), error)) {
    if (entry.path().filename().string().starts_with(prefix)) return true;
  }
  return false;
}

// Training would refuse it too, after mining: it overwrites no model that another run has made.
void check_models(const config::TrainConfig& train, const jobs::WorkDir& work_dir) {
  for (std::uint64_t seed = train.seed; seed < train.seed + train.repeats; ++seed) {
    const fs::path model = work_dir.model(train, seed);
    std::error_code ignored;
    if (!fs::exists(model, ignored) || was_trained(work_dir, seed) ||
        has_checkpoint(work_dir.checkpoints(train, seed))) {
      continue;
    }
    missing("the work directory holds a model that this job has not made", kWorkDirKey,
            "another folder, or none at " + model.string(), "a model there");
  }
}

// Bytes that are certain to be written: what of it is there already is not known, so this is for
// jobs that have not begun.
double least_bytes(const config::RunConfig& config, jobs::Stage until) {
  double bytes = 0;
  const fs::path manifest = fs::path(config.corpus.path) / "manifest.json";
  if (until >= jobs::Stage::kEncode && config.encoder.source != config::EncoderSource::kNpy &&
      is_file(manifest)) {
    const EmbeddingWidths widths = embedding_widths(config);
    constexpr double kHalf = 2;
    bytes += static_cast<double>(data::read_manifest(manifest).pairs) * kHalf *
             static_cast<double>(widths.image + widths.text);
  }
  if (until >= jobs::Stage::kTrain) {
    // Weights of the newest checkpoints and of the model; moments come on top where all is trained.
    const config::TrainConfig& train = config.train;
    const double numbers = train.lock_image || train.lock_text ? 1 : 3;
    const double weights = 4 * static_cast<double>(plan_model(config.model).parameters);
    bytes += weights * (train.keep_checkpoints * numbers + train.repeats);
  }
  return bytes;
}

void check_room(const config::RunConfig& config, const jobs::WorkDir& work_dir, jobs::Stage until) {
  std::error_code ignored;
  if (fs::exists(work_dir.database(), ignored)) return;
  const fs::path there = nearest_existing(work_dir.root());
  struct statvfs disk {};
  if (::statvfs(there.c_str(), &disk) != 0) return;
  const double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
  const double needed = least_bytes(config, until);
  if (needed <= free) return;
  missing("too little disk space", kWorkDirKey, cat("at least ", human_bytes(needed)),
          cat(human_bytes(free), " free in ", there.string()));
}

}  // namespace

void check_output(const config::RunConfig& config, jobs::Stage until) {
  const jobs::WorkDir work_dir(config.output.work_dir);
  check_can_write(work_dir.root(), kWorkDirKey);
  // What a former run, or another user, has left.
  for (const fs::path& folder :
       {work_dir.database().parent_path(), work_dir.logs(), work_dir.corpus(),
        work_dir.tasks(jobs::Stage::kTrain), work_dir.embeddings(config), work_dir.features(),
        work_dir.first_table(), work_dir.checkpoints(config.train, config.train.seed),
        work_dir.events(config.train, config.train.seed), work_dir.report().parent_path()}) {
    check_can_write(folder, kWorkDirKey);
  }
  check_can_write(work_dir.feature_cache(config.encoder),
                  config.encoder.feature_cache.empty() ? kWorkDirKey : "encoder.feature_cache");
  coordinator::check_listen(config.coordinator.listen, config.coordinator.insecure_network);
  coordinator::expect_same_training(work_dir, config::to_yaml(config));
  if (until >= jobs::Stage::kTrain) check_models(config.train, work_dir);
  check_room(config, work_dir, until);
}

}  // namespace helip::cli
