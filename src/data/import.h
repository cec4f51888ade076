// `helip data import`: a corpus of WebDataset shards from tars, tables or folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/csv.h"
#include "data/import_image.h"
#include "data/manifest.h"

namespace helip::data {

struct ImportOptions {
  std::vector<std::string> sources;  // in this order (import_source.h)
  std::filesystem::path out;         // must not exist
  ImageRules images;
  std::uint64_t samples_per_shard = 1000;
  unsigned threads = 1;                 // the result does not depend on it
  std::string caption_key = "caption";  // field of a sample's .json where it has no .txt
  CsvOptions csv;
};

struct ImportReport {
  CorpusManifest manifest;
  std::uint64_t rewritten = 0;  // images shrunk, composited or turned
  std::map<std::string, std::uint64_t>
      left_out;  // by reason; each is named in OUT/import_report.jsonl
};

// Writes OUT/{00000.tar, …, sizes.json, manifest.json, index.npy, image_group.npy,
// caption_group.npy, unpaired.jsonl, import_report.jsonl}; all of it appears at once. Keys are five
// digits of the shard and at least four of the place in it; each sample's .json keeps its old key.
// Equal input gives equal bytes. `progress(done, total)` counts pairs. Throws ConfigError if OUT
// exists or an option is wrong, DataError if a source is damaged or no pair is left, StoreError if
// OUT cannot be written.
ImportReport import_corpus(const ImportOptions& options,
                           const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace helip::data
