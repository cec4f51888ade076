#include "mining/encode_given_features.h"

#include <algorithm>
#include <span>
#include <string>

#include "common/error.h"
#include "common/text.h"
#include "mining/embedding_files.h"

namespace helip::mining {
namespace {

store::EmbeddingStore open(const model::PinnedFile& file, std::int64_t feature_dim,
                           const data::CorpusManifest& corpus) {
  auto features = store::EmbeddingStore::open(file.path);
  const auto dim = static_cast<std::int64_t>(features.dim());
  if (features.rows() != corpus.pairs || dim != feature_dim) {
    throw ConfigError({.what = "the model's features do not fit",
                       .where = file.path.string(),
                       .expected = cat(corpus.pairs, " rows, one for each pair of the corpus, of ",
                                       feature_dim, " numbers"),
                       .found = cat(features.rows(), " rows of ", dim)});
  }
  const std::string found = digest_of_embedding_files(file.path);
  if (found != file.sha256) {
    throw StoreError({.what = "the features are not those that the model names",
                      .where = file.path.string(),
                      .expected = "sha256 " + file.sha256,
                      .found = found});
  }
  return features;
}

data::FeatureBlock read(const store::EmbeddingStore& features, std::uint64_t first,
                        std::uint64_t count) {
  data::FeatureBlock block{count, features.dim(), std::vector<float>(count * features.dim())};
  features.read_rows(first, count, block.values);
  for (std::uint64_t row = 0; row < count; ++row) {
    const std::span<const float> values =
        std::span<const float>(block.values).subspan(row * block.dim, block.dim);
    finite_squared_norm(features, first + row, values);
  }
  return block;
}

const data::CorpusManifest& checked(const model::LockedConfig& model,
                                    const data::CorpusManifest& corpus) {
  if (corpus.fingerprint == model.corpus_fingerprint) return corpus;
  throw ConfigError({.what = "the model's features are of another corpus",
                     .where = model.image.file.path.string(),
                     .expected = "the corpus " + model.corpus_fingerprint,
                     .found = corpus.fingerprint});
}

}  // namespace

GivenFeatures::GivenFeatures(const model::LockedConfig& model, const data::CorpusManifest& corpus)
    : image_(open(model.image.file, model.image.feature_dim, checked(model, corpus))),
      text_(open(model.text.file, model.text.feature_dim, corpus)) {}

data::FeatureBlock GivenFeatures::images(std::uint64_t first, std::uint64_t count) const {
  return read(image_, first, count);
}

data::FeatureBlock GivenFeatures::texts(std::uint64_t first, std::uint64_t count) const {
  return read(text_, first, count);
}

bool is_zero_row(const data::FeatureBlock& block, std::uint64_t row) {
  const auto begin = block.values.begin() + static_cast<std::ptrdiff_t>(row * block.dim);
  return std::all_of(begin, begin + static_cast<std::ptrdiff_t>(block.dim),
                     [](float value) { return value == 0; });
}

}  // namespace helip::mining
