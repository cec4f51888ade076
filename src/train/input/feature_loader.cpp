#include <deque>
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
  FeatureLoader(const std::filesystem::path& folder, std::uint64_t pairs)
      : image_(open_features(folder / store::kImageFeaturesFile, pairs)),
        text_(open_features(folder / store::kTextFeaturesFile, pairs)) {}

  void request(RowRequest rows) override { requests_.push_back(std::move(rows)); }

  // The rows are a memory copy away: nothing to do ahead.
  InputBatch take() override {
    const RowRequest rows = std::move(requests_.front());
    requests_.pop_front();
    InputBatch batch;
    batch.image_shape = gather(image_, rows.ids, batch.image);
    batch.text_shape = gather(text_, rows.ids, batch.text_features);
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

  store::EmbeddingStore image_;
  store::EmbeddingStore text_;
  std::deque<RowRequest> requests_;
};

}  // namespace

std::unique_ptr<InputLoader> open_feature_loader(const std::filesystem::path& folder,
                                                 std::uint64_t pairs) {
  return std::make_unique<FeatureLoader>(folder, pairs);
}

}  // namespace helip::train
