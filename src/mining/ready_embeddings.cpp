#include "mining/ready_embeddings.h"

#include <algorithm>
#include <set>
#include <string>

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"
#include "mining/embedding_files.h"

namespace helip::mining {

ReadyEmbeddings::ReadyEmbeddings(const config::EncoderConfig& encoder)
    : image_path_(modality_path(encoder.image_embeddings, "img_emb")),
      images_(store::EmbeddingStore::open(image_path_)),
      texts_(store::EmbeddingStore::open(modality_path(encoder.text_embeddings, "text_emb"))) {
  if (images_.rows() == texts_.rows()) return;
  throw StoreError({.what = "image and text embeddings differ in their rows",
                    .where = encoder.text_embeddings,
                    .expected = cat(images_.rows(), " rows, as in ", encoder.image_embeddings),
                    .found = cat(texts_.rows())});
}

void ReadyEmbeddings::expect_pairs(std::uint64_t pairs) const {
  if (rows() == pairs) return;
  throw DataError({.what = "the embeddings are of another corpus",
                   .where = image_path_.string(),
                   .expected = cat(pairs, " rows, one a pair of the corpus"),
                   .found = cat(rows())});
}

void ReadyEmbeddings::add_zero_rows(std::uint64_t first, std::uint64_t count,
                                    const data::Corpus& corpus,
                                    std::vector<data::QuarantineEntry>& entries) const {
  std::set<std::uint64_t> known;
  for (const data::QuarantineEntry& entry : entries) known.insert(entry.sample);
  std::vector<float> buffer(std::max(images_.dim(), texts_.dim()));
  const auto is_zero = [&](const store::EmbeddingStore& store, std::uint64_t row) {
    const auto values = store.row(row, std::span(buffer).first(store.dim()));
    return finite_squared_norm(store, row, values) == 0;
  };
  for (std::uint64_t row = first; row < first + count; ++row) {
    const bool no_image = is_zero(images_, row);
    const bool no_text = is_zero(texts_, row);
    if (!(no_image || no_text) || known.contains(row)) continue;
    const data::Sample sample = corpus.load(SampleId{row});
    entries.push_back(
        {.sample = row,
         .shard = sample.shard,
         .offset = sample.offset,
         .key = sample.key,
         .reason = no_image ? "its image embedding is zero" : "its text embedding is zero"});
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.sample < b.sample; });
}

}  // namespace helip::mining
