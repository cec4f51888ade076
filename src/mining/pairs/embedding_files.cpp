#include "mining/pairs/embedding_files.h"

#include <cmath>
#include <cstdint>

#include "common/digest.h"
#include "common/error.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "mining/pairs/pair_score.h"

namespace helip::mining {

namespace fs = std::filesystem;

fs::path modality_path(const fs::path& path, const std::string& modality) {
  const fs::path folder = path / modality;
  return is_folder(folder) ? folder : path;
}

std::vector<fs::path> embedding_files(const fs::path& file_or_folder) {
  if (!is_folder(file_or_folder)) return {file_or_folder};
  return store::embedding_parts(file_or_folder);
}

std::string digest_of_embedding_files(const fs::path& file_or_folder) {
  if (!is_folder(file_or_folder)) return sha256_file(file_or_folder);
  Sha256 digest;
  for (const fs::path& file : embedding_files(file_or_folder)) {
    digest.update(sha256_file(file) + "\n");
  }
  return digest.hex();
}

std::string embeddings_digest(const fs::path& image_embeddings, const fs::path& text_embeddings) {
  Sha256 digest;
  for (const fs::path& folder :
       {modality_path(image_embeddings, "img_emb"), modality_path(text_embeddings, "text_emb")}) {
    for (const fs::path& file : embedding_files(folder)) digest.update(sha256_file(file) + "\n");
  }
  return digest.hex();
}

double finite_squared_norm(const store::EmbeddingStore& store, std::uint64_t row,
                           std::span<const float> values) {
  // The largest finite float32 squared stays far inside double, so only inf and NaN fail this.
  const double squared_norm = exact_dot(values, values);
  if (!std::isfinite(squared_norm)) {
    throw StoreError({.what = "an embedding is not finite",
                      .where = store.place(row),
                      .expected = "finite values"});
  }
  return squared_norm;
}

}  // namespace helip::mining
