#include "store/hard_pair_table.h"

#include <unistd.h>

#include <optional>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"
#include "store/array_files.h"

namespace helip::store {

namespace {

namespace fs = std::filesystem;
// Calls visit(key, member) for each field that manifest.json always has.
template <typename Manifest, typename Visit>
void for_each_field(Manifest& manifest, Visit&& visit) {
  visit("version", manifest.version);
  visit("corpus_fingerprint", manifest.corpus_fingerprint);
  visit("config_digest", manifest.config_digest);
  visit("embeddings_digest", manifest.embeddings_digest);
  visit("method", manifest.method);
  visit("pairs", manifest.pairs);
  visit("hard_pairs_per_target", manifest.hard_pairs_per_target);
  visit("pool_size", manifest.pool_size);
  visit("suitable", manifest.suitable);
  visit("recall", manifest.recall);
  visit("recall_targets", manifest.recall_targets);
  visit("image_floor", manifest.image_floor);
  visit("text_floor", manifest.text_floor);
  visit("duplicate_ceiling", manifest.duplicate_ceiling);
  visit("seed", manifest.seed);
  visit("cpu_model", manifest.cpu_model);
  visit("build", manifest.build);
  visit("indices_sha256", manifest.indices_sha256);
  visit("scores_sha256", manifest.scores_sha256);
  visit("suitable_sha256", manifest.suitable_sha256);
}

// Calls visit(key, member, default) for each option that manifest.json names only if it is set.
template <typename Manifest, typename Visit>
void for_each_option(Manifest& manifest, Visit&& visit) {
  const HardPairManifest standard;
  visit("metric", manifest.metric, standard.metric);
  visit("min_score", manifest.min_score, standard.min_score);
  visit("max_score", manifest.max_score, standard.max_score);
  visit("absolute_margin", manifest.absolute_margin, standard.absolute_margin);
  visit("relative_margin", manifest.relative_margin, standard.relative_margin);
  visit("hub_cap", manifest.hub_cap, standard.hub_cap);
  visit("per_group", manifest.per_group, standard.per_group);
}

Json to_json(const HardPairManifest& manifest) {
  Json json = Json::object();
  for_each_field(manifest, [&](const char* key, const auto& value) { json[key] = value; });
  for_each_option(manifest, [&](const char* key, const auto& value, const auto& standard) {
    if (value == standard) return;
    if constexpr (requires { *value; }) {
      json[key] = *value;
    } else {
      json[key] = value;
    }
  });
  return json;
}

HardPairManifest manifest_from(const Json& json) {
  HardPairManifest manifest;
  for_each_field(manifest, [&](const char* key, auto& value) { json.at(key).get_to(value); });
  for_each_option(manifest, [&]<typename T>(const char* key, T& value, const T& /*standard*/) {
    if (!json.contains(key)) return;
    if constexpr (requires { *value; }) {
      value = json.at(key).get<typename T::value_type>();
    } else {
      json.at(key).get_to(value);
    }
  });
  return manifest;
}

NpyArray open_part(const fs::path& file, const std::string& sha256, DType dtype,
                   const std::vector<std::uint64_t>& shape) {
  NpyArray array = NpyArray::open(file);
  if (array.dtype() != dtype || array.shape() != shape) {
    throw StoreError(
        {.what = "the array does not fit the table's manifest", .where = file.string()});
  }
  const std::string found = sha256_file(file);
  if (found != sha256) {
    throw StoreError({.what = "the hard-pair table is damaged",
                      .where = file.string(),
                      .expected = "sha256 " + sha256,
                      .found = found});
  }
  return array;
}

}  // namespace

HardPairTable HardPairTable::open(const fs::path& folder, const std::string& expected_fingerprint) {
  HardPairTable table;
  const fs::path manifest_file = folder / "manifest.json";
  try {
    table.manifest_ = manifest_from(Json::parse(read_text_file(manifest_file)));
  } catch (const JsonError&) {
    throw StoreError({.what = "the manifest of the hard-pair table cannot be read",
                      .where = manifest_file.string()});
  }
  const HardPairManifest& manifest = table.manifest_;
  if (!expected_fingerprint.empty() && manifest.corpus_fingerprint != expected_fingerprint) {
    throw DataError({.what = "the hard-pair table belongs to another corpus",
                     .where = folder.string(),
                     .expected = "fingerprint " + expected_fingerprint,
                     .found = manifest.corpus_fingerprint.empty() ? "none (mined from bare .npy)"
                                                                  : manifest.corpus_fingerprint});
  }
  const std::uint64_t n = manifest.pairs;
  const std::uint64_t k = manifest.hard_pairs_per_target;
  table.indices_ = open_part(folder / kIndicesFile, manifest.indices_sha256, DType::kU32, {n, k});
  table.scores_ = open_part(folder / kScoresFile, manifest.scores_sha256, DType::kF32, {n, k});
  table.suitable_ = open_part(folder / kSuitableFile, manifest.suitable_sha256, DType::kBool, {n});
  for (const std::uint32_t id : table.indices_.as<std::uint32_t>()) {
    if (id != kNoPair && id >= n) {
      throw StoreError({.what = "the hard-pair table names a pair that is not in the corpus",
                        .where = (folder / kIndicesFile).string(),
                        .expected = cat("ids below ", n),
                        .found = cat(id)});
    }
  }
  return table;
}

std::span<const std::uint32_t> HardPairTable::partners(SampleId target) const {
  return indices_.as<std::uint32_t>().subspan(to_index(target) * k(), k());
}

std::span<const float> HardPairTable::scores(SampleId target) const {
  return scores_.as<float>().subspan(to_index(target) * k(), k());
}

bool HardPairTable::suitable(SampleId target) const {
  return suitable_.as<std::uint8_t>()[to_index(target)] != 0;
}

struct HardPairTableWriter::State {
  explicit State(fs::path place)
      : folder(std::move(place)), temporary(folder.string() + cat(".tmp.", ::getpid())) {}
  fs::path folder;
  StagingFolder temporary;  // outlives the writers below
  HardPairManifest manifest;
  std::optional<NpyWriter> indices, scores;
  std::vector<std::uint8_t> suitable;
};

HardPairTableWriter::HardPairTableWriter(const fs::path& folder, HardPairManifest manifest)
    : state_(std::make_unique<State>(without_last_slash(folder))) {
  State& s = *state_;
  fs::remove_all(s.temporary.path());
  s.manifest = std::move(manifest);
  const std::uint64_t n = s.manifest.pairs;
  const std::uint64_t k = s.manifest.hard_pairs_per_target;
  s.indices.emplace(s.temporary.path() / kIndicesFile, DType::kU32,
                    std::vector<std::uint64_t>{n, k});
  s.scores.emplace(s.temporary.path() / kScoresFile, DType::kF32, std::vector<std::uint64_t>{n, k});
  s.suitable.reserve(n);
}

HardPairTableWriter::~HardPairTableWriter() = default;

void HardPairTableWriter::rows(std::span<const std::uint32_t> indices,
                               std::span<const float> scores) {
  const std::uint32_t k = state_->manifest.hard_pairs_per_target;
  std::vector<std::uint8_t> suitable;
  // Empty slots follow all filled ones, so the last slot tells.
  for (std::size_t last = k - 1; last < indices.size(); last += k) {
    suitable.push_back(indices[last] == kNoPair ? 0 : 1);
  }
  rows(indices, scores, suitable);
}

void HardPairTableWriter::rows(std::span<const std::uint32_t> indices,
                               std::span<const float> scores,
                               std::span<const std::uint8_t> suitable) {
  State& s = *state_;
  const std::uint32_t k = s.manifest.hard_pairs_per_target;
  if (indices.size() != scores.size() || indices.size() != suitable.size() * k) {
    throw StoreError({.what = "rows of a hard-pair table do not fit",
                      .where = s.folder.string(),
                      .expected = cat("multiples of ", k),
                      .found = cat(indices.size(), " ids, ", scores.size(), " scores")});
  }
  s.indices->write_values(indices);
  s.scores->write_values(scores);
  for (const std::uint8_t value : suitable) {
    s.suitable.push_back(value);
    s.manifest.suitable += value;
  }
}

HardPairManifest HardPairTableWriter::publish() {
  State& s = *state_;
  s.indices->publish();
  s.scores->publish();
  NpyWriter suitable(s.temporary.path() / kSuitableFile, DType::kBool, {s.manifest.pairs});
  suitable.write_values(std::span<const std::uint8_t>(s.suitable));
  suitable.publish();
  s.manifest.indices_sha256 = sha256_file(s.temporary.path() / kIndicesFile);
  s.manifest.scores_sha256 = sha256_file(s.temporary.path() / kScoresFile);
  s.manifest.suitable_sha256 = sha256_file(s.temporary.path() / kSuitableFile);
  publish_file(s.temporary.path() / "manifest.json", to_json(s.manifest).dump(2) + "\n");
  publish_folder(s.temporary.path(), s.folder);
  return s.manifest;
}

}  // namespace helip::store
