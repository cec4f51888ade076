#include "jobs/work_dir.h"

#include "common/text.h"

namespace helip::jobs {

WorkDir::WorkDir(const std::filesystem::path& root)
    : root_(std::filesystem::absolute(root).lexically_normal()) {
  // "work/" and "work" are one folder.
  if (!root_.has_filename()) root_ = root_.parent_path();
}

std::filesystem::path WorkDir::tasks(Stage stage) const { return root_ / "tasks" / name_of(stage); }

std::filesystem::path WorkDir::embeddings(const config::RunConfig& config) const {
  return root_ / "embeddings" / model_name(config.encoder.model.value_or(config.model));
}

std::filesystem::path WorkDir::checkpoints(const config::TrainConfig& train,
                                           std::uint64_t seed) const {
  const auto folder = root_ / "checkpoints";
  return train.repeats == 1 ? folder : folder / cat("seed-", seed);
}

std::filesystem::path WorkDir::remined(const config::TrainConfig& train, std::uint64_t seed) const {
  const auto folder = root_ / "hard_pairs";
  return train.repeats == 1 ? folder : folder / cat("seed-", seed);
}

std::filesystem::path WorkDir::events(const config::TrainConfig& train, std::uint64_t seed) const {
  const auto folder = root_ / "tensorboard";
  return train.repeats == 1 ? folder : folder / cat("seed-", seed);
}

std::filesystem::path WorkDir::model(const config::TrainConfig& train, std::uint64_t seed) const {
  return seed == train.seed ? root_ / "model" : root_ / cat("model-seed-", seed);
}

std::filesystem::path WorkDir::feature_cache(const config::EncoderConfig& encoder) const {
  return encoder.feature_cache.empty() ? root_ / "cache"
                                       : std::filesystem::path(encoder.feature_cache);
}

std::filesystem::path WorkDir::image_embeddings(const config::RunConfig& config) const {
  return config.encoder.source == config::EncoderSource::kNpy
             ? std::filesystem::path(config.encoder.image_embeddings)
             : embeddings(config) / "img_emb";
}

std::filesystem::path WorkDir::text_embeddings(const config::RunConfig& config) const {
  return config.encoder.source == config::EncoderSource::kNpy
             ? std::filesystem::path(config.encoder.text_embeddings)
             : embeddings(config) / "text_emb";
}

std::string model_name(const config::ModelConfig& model) {
  std::string name = model.name;
  if (name.empty()) {
    std::filesystem::path path(model.architecture);
    if (!path.has_filename()) path = path.parent_path();
    name = path.extension() == ".json" ? path.stem().string() : path.filename().string();
  }
  for (char& letter : name) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' ||
                       letter == '-';
    if (!plain) letter = '_';
  }
  if (name.empty() || name == "." || name == "..") name = "model";
  return name;
}

}  // namespace helip::jobs
