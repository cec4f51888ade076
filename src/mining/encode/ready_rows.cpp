#include "mining/encode/ready_rows.h"

#include <algorithm>
#include <span>
#include <utility>

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"
#include "mining/pairs/embedding_files.h"

namespace helip::mining {
namespace {

data::FeatureBlock read(const store::EmbeddingStore& store, std::uint64_t first,
                        std::uint64_t count) {
  data::FeatureBlock block{count, store.dim(), std::vector<float>(count * store.dim())};
  store.read_rows(first, count, block.values);
  return block;
}

void expect_width(const model::PinnedFile& features, std::uint32_t found, std::int64_t expected) {
  if (found == expected) return;
  throw ConfigError({.what = "the model's features are of another width",
                     .where = features.path.string(),
                     .expected = cat(expected),
                     .found = cat(found)});
}

}  // namespace

ReadyRows::ReadyRows(const std::filesystem::path& images, const std::filesystem::path& texts,
                     std::string what)
    : what_(std::move(what)),
      image_path_(images),
      images_(store::EmbeddingStore::open(images)),
      texts_(store::EmbeddingStore::open(texts)) {
  if (images_.rows() == texts_.rows()) return;
  throw StoreError({.what = "image and text " + what_ + " differ in their rows",
                    .where = texts.string(),
                    .expected = cat(images_.rows(), " rows, as in ", images.string()),
                    .found = cat(texts_.rows())});
}

void ReadyRows::expect_pairs(std::uint64_t pairs) const {
  if (rows() == pairs) return;
  throw DataError({.what = "the " + what_ + " are of another corpus",
                   .where = image_path_.string(),
                   .expected = cat(pairs, " rows, one a pair of the corpus"),
                   .found = cat(rows())});
}

data::FeatureBlock ReadyRows::images(std::uint64_t first, std::uint64_t count) const {
  return read(images_, first, count);
}

data::FeatureBlock ReadyRows::texts(std::uint64_t first, std::uint64_t count) const {
  return read(texts_, first, count);
}

std::vector<data::QuarantineEntry> ReadyRows::zero_rows(std::uint64_t first, std::uint64_t count,
                                                        const data::Corpus& corpus) const {
  std::vector<data::QuarantineEntry> entries;
  std::vector<float> buffer(std::max(images_.dim(), texts_.dim()));
  const auto is_zero = [&](const store::EmbeddingStore& store, std::uint64_t row) {
    const auto values = store.row(row, std::span(buffer).first(store.dim()));
    return finite_squared_norm(store, row, values) == 0;
  };
  for (std::uint64_t row = first; row < first + count; ++row) {
    const bool no_image = is_zero(images_, row);
    const bool no_text = is_zero(texts_, row);
    if (!no_image && !no_text) continue;
    const data::Sample sample = corpus.load(SampleId{row});
    entries.push_back(
        {.sample = row,
         .shard = sample.shard,
         .offset = sample.offset,
         .key = sample.key,
         .reason = cat("its row of ", no_image ? "image " : "text ", what_, " is zero")});
  }
  return entries;
}

ReadyRows ready_embeddings(const config::EncoderConfig& encoder) {
  return {modality_path(encoder.image_embeddings, "img_emb"),
          modality_path(encoder.text_embeddings, "text_emb"), "embeddings"};
}

ReadyRows given_features(const model::TwoTowerConfig& model) {
  ReadyRows features(model.image.file.path, model.text.file.path, "features");
  expect_width(model.image.file, features.image_dim(), model.image.feature_dim);
  expect_width(model.text.file, features.text_dim(), model.text.feature_dim);
  return features;
}

void expect_corpus(const model::TwoTowerConfig& model, const data::CorpusManifest& corpus) {
  if (corpus.fingerprint == model.corpus_fingerprint) return;
  throw ConfigError({.what = "the model's features are of another corpus",
                     .where = model.image.file.path.string(),
                     .expected = "the corpus " + model.corpus_fingerprint,
                     .found = corpus.fingerprint});
}

void verify_features(const model::TwoTowerConfig& model) {
  for (const model::PinnedFile* file : {&model.image.file, &model.text.file}) {
    const std::string found = digest_of_embedding_files(file->path);
    if (found == file->sha256) continue;
    throw StoreError({.what = "the features are not those that the model names",
                      .where = file->path.string(),
                      .expected = "sha256 " + file->sha256,
                      .found = found});
  }
}

}  // namespace helip::mining
