#include <deque>
#include <optional>
#include <span>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "store/array_files.h"
#include "store/embedding_store.h"
#include "train/input/input_loader.h"

namespace helip::train {
namespace {

store::EmbeddingStore open_features(const std::filesystem::path& file, std::uint64_t pairs) {
  auto features = store::EmbeddingStore::open(file);
  if (features.rows() != pairs) {
    throw StoreError({.what = "the features are of another corpus",
                      .where = file.string(),
                      .expected = cat(pairs, " rows"),
                      .found = cat(features.rows(), " rows")});
  }
  return features;
}

class FeatureLoader final : public InputLoader {
 public:
  FeatureLoader(const std::filesystem::path& folder, std::uint64_t pairs,
                const model::InputKinds& inputs, std::unique_ptr<InputLoader> raw)
      : raw_(std::move(raw)) {
    using model::InputKind;
    if (inputs.image == InputKind::kFeatures) {
      image_ = open_features(folder / store::kImageFeaturesFile, pairs);
    }
    if (inputs.text == InputKind::kFeatures) {
      text_ = open_features(folder / store::kTextFeaturesFile, pairs);
    }
  }

  void request(RowRequest rows) override {
    requests_.push_back(rows.ids);
    if (raw_) raw_->request(std::move(rows));
  }

  // The rows are a memory copy away: nothing to do ahead.
  InputBatch take() override {
    InputBatch batch = raw_ ? raw_->take() : InputBatch{};
    const std::vector<SampleId> ids = std::move(requests_.front());
    requests_.pop_front();
    if (image_) batch.image_shape = gather(*image_, ids, batch.image);
    if (text_) batch.text_shape = gather(*text_, ids, batch.text_features);
    return batch;
  }

 private:
  static std::vector<std::int64_t> gather(const store::EmbeddingStore& features,
                                          const std::vector<SampleId>& ids,
                                          std::vector<float>& out) {
    const std::size_t width = features.dim();
    out.resize(ids.size() * width);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      features.read_rows(to_index(ids[i]), 1, std::span(out).subspan(i * width, width));
    }
    return {static_cast<std::int64_t>(ids.size()), static_cast<std::int64_t>(width)};
  }

  const std::unique_ptr<InputLoader> raw_;  // null: both modalities are of features
  std::optional<store::EmbeddingStore> image_;
  std::optional<store::EmbeddingStore> text_;
  std::deque<std::vector<SampleId>> requests_;
};

}  // namespace

std::unique_ptr<InputLoader> open_feature_loader(const std::filesystem::path& folder,
                                                 std::uint64_t pairs,
                                                 const model::InputKinds& inputs,
                                                 std::unique_ptr<InputLoader> raw) {
  return std::make_unique<FeatureLoader>(folder, pairs, inputs, std::move(raw));
}

}  // namespace helip::train
