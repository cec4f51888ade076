// The files that hold a set of embeddings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "store/embedding_store.h"

namespace helip::mining {

// Returns the path to give to EmbeddingStore::open: path/modality ("img_emb" or "text_emb") if that
// is a folder, else `path` itself.
std::filesystem::path modality_path(const std::filesystem::path& path, const std::string& modality);

// Returns the .npy files that EmbeddingStore::open reads, in the order of their rows. Throws
// StoreError as store::embedding_parts does.
std::vector<std::filesystem::path> embedding_files(const std::filesystem::path& file_or_folder);

// Returns the sha256 of a .npy, or, for a folder, the sha256 over the hex sha256 of its parts, one
// a line. Throws StoreError if a file cannot be read.
std::string digest_of_embedding_files(const std::filesystem::path& file_or_folder);

// Returns the sha256 over the hex sha256 of these files, one a line. Throws StoreError if a file
// cannot be read.
std::string digest_of_arrays(const std::vector<std::filesystem::path>& files);

// Returns a digest that names a set of embeddings: digest_of_arrays of all files, images first. The
// paths are those that modality_path takes. Throws StoreError if a file cannot be read.
std::string embeddings_digest(const std::filesystem::path& image_embeddings,
                              const std::filesystem::path& text_embeddings);

// Returns exact_dot of `values`, which are row `row` of the store, with itself. Throws StoreError
// naming the part's file and the row if a value is not finite.
double finite_squared_norm(const store::EmbeddingStore& store, std::uint64_t row,
                           std::span<const float> values);

}  // namespace helip::mining
