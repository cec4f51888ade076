// The files behind a set of embeddings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "store/embedding_store.h"

namespace helip::mining {

// What EmbeddingStore::open takes: FOLDER/<modality> if there is such a folder ("img_emb",
// "text_emb"), else the path as it is.
std::filesystem::path modality_path(const std::filesystem::path& path, const std::string& modality);

// The parts behind an EmbeddingStore that opened, in their order.
std::vector<std::filesystem::path> embedding_files(const std::filesystem::path& file_or_folder);

// sha256 of a .npy, or, of a folder, over the lines of its parts' sha256.
std::string digest_of_embedding_files(const std::filesystem::path& file_or_folder);

// sha256 over the lines of the files' sha256, those of the images first: names a set of embeddings.
std::string embeddings_digest(const std::filesystem::path& image_embeddings,
                              const std::filesystem::path& text_embeddings);

// exact_dot of a row of the store, already read, with itself. Throws StoreError naming the part's
// file and the row if a value is not finite.
double finite_squared_norm(const store::EmbeddingStore& store, std::uint64_t row,
                           std::span<const float> values);

}  // namespace helip::mining
