#include "data/corpus/feature_cache.h"

#include <span>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "store/safetensors.h"

namespace helip::data {
namespace {

constexpr const char* kFormat = "helip_features/1";
constexpr const char* kDigestKey = "content_sha256";
constexpr const char* kNoteKey = "note";
constexpr const char* kFormatKey = "format";

std::string content_digest(const std::map<std::string, std::span<const std::byte>>& blocks,
                           const std::string& note) {
  Sha256 digest;
  for (const auto& [name, bytes] : blocks) {
    digest.update(cat(name, '\n', bytes.size(), '\n')).update(bytes);
  }
  return digest.update(note).hex();
}

StoreError damaged(const std::filesystem::path& file, const std::string& what,
                   const std::string& expected, const std::string& found) {
  return StoreError({.what = what, .where = file.string(), .expected = expected, .found = found});
}

CachedFeatures read_checked(const std::filesystem::path& file, const store::SafetensorsFile& stored,
                            const std::set<std::string>& names, std::uint64_t rows) {
  CachedFeatures features;
  if (stored.tensors().size() != names.size()) {
    throw damaged(file, "cached features have another number of blocks", cat(names.size()),
                  cat(stored.tensors().size()));
  }
  std::map<std::string, std::span<const std::byte>> contents;
  for (const std::string& name : names) {
    const store::TensorView& view = stored.tensor(name, "F32");
    if (view.shape.size() != 2 || view.shape[0] != rows) {
      throw damaged(
          file, "cached features '" + name + "' have another shape", cat(rows, " rows of features"),
          view.shape.empty() ? "a scalar"
                             : cat(view.shape.size(), "-D with ", view.shape[0], " rows"));
    }
    contents[name] = view.data;
    const std::span<const float> values = stored.values<float>(name, "F32");
    features.blocks[name] = {rows, view.shape[1], {values.begin(), values.end()}};
  }
  const auto& metadata = stored.metadata();
  if (const auto note = metadata.find(kNoteKey); note != metadata.end()) {
    features.note = note->second;
  }
  const auto digest = metadata.find(kDigestKey);
  const std::string found = content_digest(contents, features.note);
  if (digest == metadata.end() || digest->second != found) {
    throw damaged(file, "cached features are damaged",
                  digest == metadata.end() ? "a digest" : digest->second, found);
  }
  return features;
}

}  // namespace

std::optional<CachedFeatures> read_features(const std::filesystem::path& file,
                                            const FeatureKey& key,
                                            const std::set<std::string>& names,
                                            std::uint64_t rows) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    const store::SafetensorsFile stored = store::SafetensorsFile::open(file);
    FeatureKey found = stored.metadata();
    const bool known = found[kFormatKey] == kFormat;
    for (const char* own : {kDigestKey, kNoteKey, kFormatKey}) found.erase(own);
    if (!known || found != key) {
      log::info(cat("cached features were made otherwise and are made anew: ", file.string()));
      return std::nullopt;
    }
    return read_checked(file, stored, names, rows);
  } catch (const StoreError& error) {
    log::warning(cat("cached features are made anew: ", error.what()));
    return std::nullopt;
  }
}

void write_features(const std::filesystem::path& file, const FeatureKey& key,
                    const CachedFeatures& features) {
  std::filesystem::create_directories(file.parent_path());
  std::map<std::string, store::TensorView> tensors;
  std::map<std::string, std::span<const std::byte>> contents;
  for (const auto& [name, block] : features.blocks) {
    const auto bytes = std::as_bytes(std::span(block.values));
    tensors[name] = {"F32", {block.rows, block.dim}, bytes};
    contents[name] = bytes;
  }
  FeatureKey metadata = key;
  metadata[kFormatKey] = kFormat;
  metadata[kNoteKey] = features.note;
  metadata[kDigestKey] = content_digest(contents, features.note);
  store::write_safetensors(file, tensors, metadata);
}

}  // namespace helip::data
