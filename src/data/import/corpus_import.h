// `helip data import`: a corpus of WebDataset shards from tars, tables or folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/corpus/manifest.h"
#include "data/import/csv.h"
#include "data/import/import_image.h"
#include "data/import/import_problem.h"

namespace helip::data {

struct ImportOptions {
  std::vector<std::string> sources;  // in this order (import_source.h)
  std::filesystem::path out;         // must not exist
  ImageRules images;
  std::uint64_t samples_per_shard = 1000;
  unsigned threads = 1;                 // the result does not depend on it
  double max_left_out = 0.05;           // share of the samples, 0 to 1; with more the import fails
  std::string caption_key = "caption";  // field of a sample's .json where it has no .txt
  CsvOptions csv;
};

struct ImportReport {
  CorpusManifest manifest;
  std::uint64_t rewritten = 0;  // images shrunk, composited or turned
  // By reason; each is named in OUT/import_report.jsonl.
  std::map<std::string, std::uint64_t> left_out;
  std::map<std::string, Noted> noted;  // notes about what is used, in the same file
};

// Returns a sha256 of everything that the output depends on: the identities of the sources
// (ImportSource::identity) and the options that change the output. Throws as open_import_source.
std::string import_identity(const ImportOptions& options);

// Writes OUT/{00000.tar, …, sizes.json, manifest.json, index.npy, image_group.npy,
// caption_group.npy, unpaired.jsonl, import_report.jsonl}; all of it appears at once. Continues an
// import that was interrupted after its last whole shard, which OUT.import keeps; the result is the
// same. Keys are five digits of the shard and at least four of the place in the shard; each
// sample's .json keeps its old key. Equal input gives equal bytes. `progress(done, total)` counts
// pairs. Throws ConfigError if OUT exists, another import works on it or an option is wrong;
// DataError if a source cannot be read, no pair is left or too much is left out
// (OUT.import/import_report.jsonl names it); StoreError if OUT cannot be written.
ImportReport import_corpus(const ImportOptions& options,
                           const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace helip::data
