// manifest.json of a corpus: shards in order, the number of pairs, the fingerprint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace helip::data {

// Beside manifest.json: what in the shards is no pair, a JSON object a line.
inline constexpr const char* kUnpairedFile = "unpaired.jsonl";
// The same of an import: what it left out of its sources.
inline constexpr const char* kImportReportFile = "import_report.jsonl";
// Beside the folder of a corpus that a job imported itself: the identity of that import.
inline constexpr const char* kImportStampFile = "imported_files.json";

struct ShardEntry {
  std::string name;  // file name, relative to the manifest's `shards` folder
  std::uint64_t bytes = 0;
  std::string sha256;
  std::uint64_t first_sample = 0;
  std::uint64_t samples = 0;
};

struct CorpusManifest {
  std::string shard_folder;  // of the shards: absolute, or relative to the manifest's folder
  std::uint64_t pairs = 0;
  std::string fingerprint;  // sha256 over the ordered (shard name, size, sha256 of bytes)
  std::string caption_key;
  std::vector<ShardEntry> shards;
  std::string index_sha256;          // of index.npy, sample locations
  std::string image_group_sha256;    // of image_group.npy
  std::string caption_group_sha256;  // of caption_group.npy
  std::uint64_t json_captions = 0;   // pairs whose caption is the field caption_key of a .json
  std::uint64_t unpaired = 0;        // members that are no pair, damaged ends included
  // Whether training resizes an image in its own mode before it converts it to RGB, as OpenCLIP
  // does with tables, or after, as it does with WebDataset shards.
  bool resizes_first = false;
  std::uint64_t repeated_keys = 0;  // samples with the key of an earlier one of their shard
};

// Throws StoreError if the file is damaged, is of another format version or contradicts itself.
CorpusManifest read_manifest(const std::filesystem::path& file);
// The fingerprint that a manifest of any version holds, if it can be read.
std::optional<std::string> fingerprint_in(const std::filesystem::path& file);
void write_manifest(const std::filesystem::path& file, const CorpusManifest& manifest);
std::string fingerprint_of(const std::vector<ShardEntry>& shards);

}  // namespace helip::data
