// manifest.json of a corpus: shards in order, the number of pairs, the fingerprint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace helip::data {

// File beside manifest.json that lists what in the shards is no pair; one JSON object a line.
inline constexpr const char* kUnpairedFile = "unpaired.jsonl";
// File beside the manifest.json of an imported corpus that lists what the import left out of its
// sources; one JSON object a line.
inline constexpr const char* kImportReportFile = "import_report.jsonl";
// File beside a corpus folder that a job imported itself: the identity of that import.
inline constexpr const char* kImportStampFile = "imported_files.json";

struct ShardEntry {
  std::string name;  // file name, relative to CorpusManifest::shard_folder
  std::uint64_t bytes = 0;
  std::string sha256;
  std::uint64_t first_sample = 0;
  std::uint64_t samples = 0;
};

struct CorpusManifest {
  std::string shard_folder;  // absolute, or relative to the manifest's folder
  std::uint64_t pairs = 0;
  std::string fingerprint;  // sha256 over the ordered (shard name, size, sha256 of bytes)
  std::string caption_key;
  std::vector<ShardEntry> shards;
  std::string index_sha256;          // of index.npy (locations of the samples)
  std::string image_group_sha256;    // of image_group.npy
  std::string caption_group_sha256;  // of caption_group.npy
  std::uint64_t json_captions = 0;   // pairs whose caption is the field caption_key of a .json
  std::uint64_t unpaired = 0;        // entries of unpaired.jsonl that lose samples
  // True: training resizes an image in its own mode and then converts it to RGB, as OpenCLIP does
  // with tables. False: training converts first, as OpenCLIP does with WebDataset shards.
  bool resizes_first = false;
  std::uint64_t repeated_keys = 0;  // samples with the key of an earlier sample of their shard
};

// Reads a manifest. Throws StoreError if the file cannot be read, is damaged, has another format
// version or contradicts itself.
CorpusManifest read_manifest(const std::filesystem::path& file);
// Returns the fingerprint in a manifest of any format version. Returns nothing if there is no file
// or no fingerprint in it.
std::optional<std::string> fingerprint_in(const std::filesystem::path& file);
// Writes a manifest atomically. Throws StoreError if the file cannot be written.
void write_manifest(const std::filesystem::path& file, const CorpusManifest& manifest);
// Returns the CorpusManifest::fingerprint of these shards.
std::string fingerprint_of(const std::vector<ShardEntry>& shards);

}  // namespace helip::data
