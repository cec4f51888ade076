#include "store/embedding_store.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "common/error.h"
#include "common/hidden.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "store/half.h"

namespace helip::store {
namespace {

namespace fs = std::filesystem;

// Number of NAME_{i}.npy, zero-padded or not; empty for other names.
std::optional<std::uint64_t> part_number(const std::string& name) {
  constexpr std::string_view kSuffix = ".npy";
  if (!name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view stem = std::string_view(name).substr(0, name.size() - kSuffix.size());
  const std::size_t before = stem.find_last_not_of("0123456789");
  const std::string_view digits = stem.substr(before == std::string_view::npos ? 0 : before + 1);
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && !digits.empty() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::vector<fs::path> embedding_parts(const fs::path& folder) {
  std::vector<std::pair<std::uint64_t, fs::path>> parts;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto number = is_hidden(name) ? std::nullopt : part_number(name);
    if (number) parts.emplace_back(*number, entry->path());
  }
  if (error) {
    throw StoreError({.what = "cannot read the folder of the embeddings",
                      .where = folder.string(),
                      .found = error.message()});
  }
  if (parts.empty())
    throw StoreError(
        {.what = "no embeddings here", .where = folder.string(), .expected = "NAME_{i}.npy"});
  std::sort(parts.begin(), parts.end());
  std::vector<fs::path> files;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].first != i) {
      throw StoreError({.what = "a part of the embeddings is missing or there twice",
                        .where = folder.string(),
                        .expected = cat("part ", i),
                        .found = parts[i].second.filename().string()});
    }
    files.push_back(parts[i].second);
  }
  return files;
}

EmbeddingStore EmbeddingStore::open(const fs::path& file_or_folder) {
  std::vector<fs::path> files;
  if (is_folder(file_or_folder)) {
    files = embedding_parts(file_or_folder);
  } else {
    files.push_back(file_or_folder);
  }
  EmbeddingStore result;
  for (const fs::path& file : files) {
    NpyArray array = NpyArray::open(file);
    const auto fail = [&](const std::string& what, const std::string& expected,
                          const std::string& found) {
      throw StoreError(
          {.what = what, .where = file.string(), .expected = expected, .found = found});
    };
    if (array.shape().size() != 2)
      fail("embeddings must be 2-D", "[rows, dim]", cat(array.shape().size(), "-D"));
    if (array.dtype() != DType::kF16 && array.dtype() != DType::kF32) {
      fail("embeddings have another dtype", "float16 or float32",
           cat(8 * size_of(array.dtype()), "-bit elements"));
    }
    const std::uint64_t rows = array.shape()[0];
    const std::uint64_t dim = array.shape()[1];
    if (dim == 0 || dim > (1U << 20))
      fail("embeddings have an absurd width", "1 to 1048576", cat(dim));
    if (!result.parts_.empty() && (dim != result.dim_ || array.dtype() != result.dtype_)) {
      fail("this part does not fit the first one", cat("width ", result.dim_),
           cat("width ", dim, ", or another dtype"));
    }
    result.dim_ = static_cast<std::uint32_t>(dim);
    result.dtype_ = array.dtype();
    result.parts_.push_back({file, std::move(array), result.rows_, rows});
    result.rows_ += rows;
  }
  return result;
}

void EmbeddingStore::read_rows(std::uint64_t first, std::uint64_t count,
                               std::span<float> out) const {
  if (first + count > rows_ || out.size() != count * dim_) {
    throw StoreError({.what = "embedding rows out of range",
                      .expected = cat("rows below ", rows_),
                      .found = cat("rows ", first, " to ", first + count)});
  }
  for (std::size_t p = part_of(first); p < parts_.size(); ++p) {
    const Part& part = parts_[p];
    if (part.first_row >= first + count) break;
    const std::uint64_t begin = std::max(first, part.first_row);
    const std::uint64_t end = std::min(first + count, part.first_row + part.rows);
    if (begin >= end) continue;
    const std::span<float> target = out.subspan((begin - first) * dim_, (end - begin) * dim_);
    const std::uint64_t offset = (begin - part.first_row) * dim_;
    if (dtype_ == DType::kF32) {
      const auto source = part.array.as<float>().subspan(offset, target.size());
      std::copy(source.begin(), source.end(), target.begin());
    } else {
      const auto source = part.array.as<std::uint16_t>().subspan(offset, target.size());
      std::transform(source.begin(), source.end(), target.begin(), half_to_float);
    }
  }
}

// The last part that begins at or before the row.
std::size_t EmbeddingStore::part_of(std::uint64_t row) const {
  const auto after = std::upper_bound(
      parts_.begin(), parts_.end(), row,
      [](std::uint64_t wanted, const Part& part) { return wanted < part.first_row; });
  return static_cast<std::size_t>(after - parts_.begin()) - 1;
}

std::span<const float> EmbeddingStore::row(std::uint64_t row, std::span<float> buffer) const {
  if (dtype_ == DType::kF32) {
    const Part& part = parts_[part_of(row)];
    return part.array.as<float>().subspan((row - part.first_row) * dim_, dim_);
  }
  read_rows(row, 1, buffer);
  return buffer;
}

std::string EmbeddingStore::place(std::uint64_t row) const {
  const Part& part = parts_[part_of(row)];
  std::string place = cat(part.file.string(), ": row ", row - part.first_row);
  if (parts_.size() > 1) place += cat(", row ", row, " of all parts");
  return place;
}

}  // namespace helip::store
