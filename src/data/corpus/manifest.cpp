#include "data/corpus/manifest.h"

#include "common/digest.h"
#include "common/error.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::data {
namespace {

// 2: index.npy has where each sample begins.
constexpr const char* kFormat = "helip_corpus/3";
void check(const CorpusManifest& manifest, const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& what, const std::string& expected,
                          const std::string& found) {
    throw StoreError({.what = what, .where = file.string(), .expected = expected, .found = found});
  };
  std::uint64_t pairs = 0;
  for (const ShardEntry& shard : manifest.shards) {
    if (shard.first_sample != pairs) {
      refuse("the corpus manifest is damaged: " + shard.name + " starts at the wrong sample",
             cat(pairs), cat(shard.first_sample));
    }
    pairs += shard.samples;
  }
  if (pairs != manifest.pairs || pairs == 0 || pairs >= kNoPair) {
    refuse("the corpus manifest is damaged: wrong number of pairs",
           cat(pairs, ", between 1 and 2^32 - 2"), cat(manifest.pairs));
  }
  const std::string fingerprint = fingerprint_of(manifest.shards);
  if (fingerprint != manifest.fingerprint) {
    refuse("the corpus manifest is damaged: its fingerprint does not follow from its shards",
           fingerprint, manifest.fingerprint);
  }
}

}  // namespace

std::string fingerprint_of(const std::vector<ShardEntry>& shards) {
  Sha256 digest;
  for (const ShardEntry& shard : shards) {
    // Lengths in front of names: no two lists give the same text.
    digest.update(
        cat(shard.name.size(), " ", shard.name, " ", shard.bytes, " ", shard.sha256, "\n"));
  }
  return digest.hex();
}

CorpusManifest read_manifest(const std::filesystem::path& file) {
  CorpusManifest manifest;
  try {
    const auto json = Json::parse(read_text_file(file));
    const auto format = json.at("format").get<std::string>();
    if (format != kFormat) {
      throw StoreError({.what = "not a corpus manifest of this version",
                        .where = file.string(),
                        .expected = cat(kFormat, ": import or index the corpus again"),
                        .found = format});
    }
    json.at("shard_folder").get_to(manifest.shard_folder);
    json.at("pairs").get_to(manifest.pairs);
    json.at("fingerprint").get_to(manifest.fingerprint);
    json.at("caption_key").get_to(manifest.caption_key);
    json.at("json_captions").get_to(manifest.json_captions);
    json.at("unpaired").get_to(manifest.unpaired);
    manifest.resizes_first = json.value("resizes_first", manifest.resizes_first);
    manifest.repeated_keys = json.value("repeated_keys", manifest.repeated_keys);
    json.at("index_sha256").get_to(manifest.index_sha256);
    json.at("image_group_sha256").get_to(manifest.image_group_sha256);
    json.at("caption_group_sha256").get_to(manifest.caption_group_sha256);
    for (const auto& shard : json.at("shards")) {
      manifest.shards.push_back({.name = shard.at("name").get<std::string>(),
                                 .bytes = shard.at("bytes").get<std::uint64_t>(),
                                 .sha256 = shard.at("sha256").get<std::string>(),
                                 .first_sample = shard.at("first_sample").get<std::uint64_t>(),
                                 .samples = shard.at("samples").get<std::uint64_t>()});
    }
  } catch (const JsonError& error) {
    throw StoreError(
        {.what = "the corpus manifest is damaged", .where = file.string(), .found = error.what()});
  }
  check(manifest, file);
  return manifest;
}

std::optional<std::string> fingerprint_in(const std::filesystem::path& file) {
  if (!is_file(file)) return std::nullopt;
  const auto json = Json::parse(read_text_file(file), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("fingerprint")) return std::nullopt;
  const auto& fingerprint = json.at("fingerprint");
  if (!fingerprint.is_string()) return std::nullopt;
  return fingerprint.get<std::string>();
}

void write_manifest(const std::filesystem::path& file, const CorpusManifest& manifest) {
  OrderedJson shards = OrderedJson::array();
  for (const ShardEntry& shard : manifest.shards) {
    shards.push_back({{"name", shard.name},
                      {"bytes", shard.bytes},
                      {"sha256", shard.sha256},
                      {"first_sample", shard.first_sample},
                      {"samples", shard.samples}});
  }
  OrderedJson json = {{"format", kFormat},
                      {"pairs", manifest.pairs},
                      {"fingerprint", manifest.fingerprint},
                      {"caption_key", manifest.caption_key},
                      {"json_captions", manifest.json_captions},
                      {"unpaired", manifest.unpaired},
                      {"index_sha256", manifest.index_sha256},
                      {"image_group_sha256", manifest.image_group_sha256},
                      {"caption_group_sha256", manifest.caption_group_sha256},
                      {"shard_folder", manifest.shard_folder},
                      {"shards", shards}};
  if (manifest.resizes_first) json["resizes_first"] = true;
  if (manifest.repeated_keys > 0) json["repeated_keys"] = manifest.repeated_keys;
  publish_file(file, json.dump(1) + "\n");
}

}  // namespace helip::data
