// Where `data import` takes its pairs from: WebDataset tars, a table of paths and captions, or a
// folder of images with captions beside them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/image/decode_limits.h"
#include "data/import/csv.h"
#include "data/import/import_problem.h"

namespace helip::data {

struct SourcePair {
  std::string source;
  std::string key;  // relative to the source, so that it is the same on every machine
  std::vector<std::byte> image;
  std::string caption;
  std::string problem;  // not empty: why the pair cannot be used (ImportProblem::reason)
  std::string detail;
};

class ImportSource {
 public:
  virtual ~ImportSource() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Reads one pair; sets SourcePair::problem if the pair cannot be used. Throws DataError or
  // StoreError only if a source can no longer be read that could be read when it was opened. Safe
  // from many threads.
  [[nodiscard]] virtual SourcePair read(std::uint64_t pair) const = 0;
  // Returns what was found while listing the source: images without a caption and the like, and
  // notes.
  [[nodiscard]] virtual const std::vector<ImportProblem>& unpaired() const = 0;
  // Returns CorpusManifest::resizes_first for a corpus made of these pairs. It is true for tables
  // and folders.
  [[nodiscard]] virtual bool resizes_first() const { return true; }
  // Returns a sha256 of what the pairs are made of: the content of shards and tables; names, sizes
  // and times of files.
  [[nodiscard]] virtual std::string identity() const = 0;
};

struct SourceOptions {
  std::string caption_key = "caption";  // field of a sample's .json where it has no .txt
  CsvOptions csv;
  std::uint64_t max_image_bytes = DecodeLimits{}.max_bytes;
  std::filesystem::path output;  // the import's folder: skipped in a source
};

// Opens a list of tars (shard_list.h), a corpus folder, a table, or a folder of images. Throws
// DataError if there is no such source or it is damaged; StoreError if a corpus folder's manifest
// is damaged or a table cannot be read; ConfigError if more than one separator gives a table's
// columns.
std::unique_ptr<ImportSource> open_import_source(const std::string& source,
                                                 const SourceOptions& options);

}  // namespace helip::data
