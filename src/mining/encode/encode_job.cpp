#include "mining/encode/encode_job.h"

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "data/corpus/corpus.h"
#include "data/corpus/quarantine.h"
#include "data/image/decode_limits.h"
#include "mining/encode/encode_features.h"
#include "mining/encode/encode_inputs.h"
#include "mining/encode/ready_rows.h"
#include "model/files/model_files.h"
#include "store/safetensors.h"

namespace helip::mining {
namespace {

using model::InputKind;

store::TensorView view_of(const data::FeatureBlock& block) {
  return {"F32", {block.rows, block.dim}, std::as_bytes(std::span(block.values))};
}

model::InputKinds input_kinds(const config::ModelConfig& model) {
  return model::input_kinds(
      model::find_architecture(model.architecture, model::installed_models()));
}

class Session final : public EncodeSession {
 public:
  Session(const EncodeConfig& config, const std::filesystem::path& corpus_folder,
          const std::filesystem::path& feature_cache, const std::string& device)
      : source_(config.encoder.source),
        feature_cache_(feature_cache),
        limits_(data::limits_of(config.corpus)),
        corpus_(data::Corpus::open(corpus_folder, limits_.max_bytes)) {
    const auto open = [&](const config::ModelConfig& model, EncodePurpose purpose) {
      return std::make_unique<EncodeModel>(model, config.encoder, purpose, limits_, corpus_,
                                           feature_cache, device);
    };
    const bool ready = source_ == config::EncoderSource::kNpy;
    if (ready) {
      ready_ = ready_embeddings(config.encoder);
      ready_->expect_pairs(corpus_.size());
    }
    embeds_ = config.embeds && !ready;
    if (embeds_ && config.encoder.model) {
      encoder_model_ = open(*config.encoder.model, EncodePurpose::kEmbeddings);
    }
    // Features are wanted for training, whoever encodes.
    const model::InputKinds trained_on = input_kinds(config.model);
    if (embeds_ && encoder_model_ == nullptr) {
      job_model_ = open(config.model, EncodePurpose::kEmbeddings);
    } else if (trained_on.any(InputKind::kFeatures)) {
      job_model_ = open(config.model, EncodePurpose::kFeatures);
    }
    if (embeds_ && source_ == config::EncoderSource::kTowers &&
        encoder().input_kinds().any(InputKind::kRaw)) {
      throw ConfigError({.what = "the model does not have two frozen towers",
                         .where = "encoder.source",
                         .expected = "model",
                         .found = "towers"});
    }
    // A model that is tuned from pixels needs every sample to decode.
    const auto decodes = [](const auto& model) {
      return model != nullptr && model->decodes_images();
    };
    checks_samples_ =
        trained_on.any(InputKind::kRaw) && !decodes(job_model_) && !decodes(encoder_model_);
  }

  EncodeReport encode(std::uint64_t first, std::uint64_t count, const std::filesystem::path& result,
                      const Metadata& metadata, const Progress& progress) override {
    if (count == 0 || first >= corpus_.size() || count > corpus_.size() - first) {
      throw DataError({.what = "the range to encode is not in the corpus",
                       .expected = cat("samples below ", corpus_.size()),
                       .found = cat(count, " from sample ", first)});
    }
    std::optional<EncodedRange> tuned, embeddings;
    if (job_model_ != nullptr) tuned = job_model_->features(first, count, part(progress, 0));
    if (encoder_model_ != nullptr) {
      embeddings = embed(*encoder_model_,
                         encoder_model_->features(first, count, part(progress, tuned ? 1 : 0)));
    } else if (embeds_) {
      embeddings = embed(*job_model_, *tuned);
    }
    std::vector<data::QuarantineEntry> quarantine;
    if (checks_samples_)
      quarantine = unusable_samples(corpus_, limits_, first, count, feature_cache_);
    if (embeddings) data::add_entries(quarantine, embeddings->quarantine);
    // Given features may lack pairs that another model can encode.
    if (tuned) data::add_entries(quarantine, tuned->quarantine);
    if (ready_) data::add_entries(quarantine, ready_->zero_rows(first, count, corpus_));

    std::map<std::string, store::TensorView> tensors;
    if (embeddings) {
      expect_finite(*embeddings, "embeddings");
      embeddings->quarantine = quarantine;
      zero_quarantined(*embeddings);
      tensors["image_embeddings"] = view_of(embeddings->image);
      tensors["text_embeddings"] = view_of(embeddings->text);
    }
    if (tuned) {
      const model::InputKinds kinds = job_model_->input_kinds();
      if (kinds.image == InputKind::kFeatures) tensors["image_features"] = view_of(tuned->image);
      if (kinds.text == InputKind::kFeatures) tensors["text_features"] = view_of(tuned->text);
    }
    EncodeReport report{.samples = count, .quarantined = quarantine.size(), .sha256 = {}};
    std::map<std::string, std::string> notes;
    if (metadata) notes = metadata(report);
    notes["quarantine"] = data::quarantine_to_json(quarantine);
    report.sha256 = store::write_safetensors(result, tensors, notes);
    if (progress) progress(count, count);
    return report;
  }

 private:
  [[nodiscard]] EncodeModel& encoder() const {
    return encoder_model_ != nullptr ? *encoder_model_ : *job_model_;
  }

  EncodedRange embed(EncodeModel& model, const EncodedRange& features) {
    return source_ == config::EncoderSource::kTowers ? normalised(features)
                                                     : model.embeddings(features);
  }

  // Returns `progress` for one pass: half of the whole if both models encode, in two passes.
  [[nodiscard]] Progress part(const Progress& progress, std::uint64_t pass) const {
    if (job_model_ == nullptr || encoder_model_ == nullptr || !progress) return progress;
    return [&progress, pass](std::uint64_t done, std::uint64_t total) {
      progress((pass * total + done) / 2, total);
    };
  }

  config::EncoderSource source_;
  std::filesystem::path feature_cache_;
  data::DecodeLimits limits_;
  data::Corpus corpus_;
  std::optional<ReadyRows> ready_;
  bool embeds_ = false;
  bool checks_samples_ = false;  // since no model decodes them
  // config.model, where it embeds or is trained on features.
  std::unique_ptr<EncodeModel> job_model_;
  std::unique_ptr<EncodeModel> encoder_model_;  // config.encoder.model
};

}  // namespace

std::unique_ptr<EncodeSession> open_encode_session(const EncodeConfig& config,
                                                   const std::filesystem::path& corpus_folder,
                                                   const std::filesystem::path& feature_cache,
                                                   const std::string& device) {
  return std::make_unique<Session>(config, corpus_folder, feature_cache, device);
}

}  // namespace helip::mining
