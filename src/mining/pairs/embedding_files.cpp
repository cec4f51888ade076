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
  return digest_of_arrays(embedding_files(file_or_folder));
}

std::string digest_of_arrays(const std::vector<fs::path>& files) {
  Sha256 digest;
  for (const fs::path& file : files) digest.update(sha256_file(file) + "\n");
  return digest.hex();
}

std::string embeddings_digest(const fs::path& image_embeddings, const fs::path& text_embeddings) {
  std::vector<fs::path> files = embedding_files(modality_path(image_embeddings, "img_emb"));
  for (fs::path& file : embedding_files(modality_path(text_embeddings, "text_emb"))) {
    files.push_back(std::move(file));
  }
  return digest_of_arrays(files);
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
