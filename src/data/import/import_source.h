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
  // Safe from many threads. A pair that cannot be used has a problem; DataError or StoreError only
  // if a source that was there when it was opened cannot be read any more.
  [[nodiscard]] virtual SourcePair read(std::uint64_t pair) const = 0;
  // Images without caption and the like, found while listing, and what is to be named.
  [[nodiscard]] virtual const std::vector<ImportProblem>& unpaired() const = 0;
  // CorpusManifest::resizes_first of a corpus made of these pairs: true of tables and folders.
  [[nodiscard]] virtual bool resizes_first() const { return true; }
  // sha256 over what the pairs are made of: content of shards and tables; names, sizes and times of
  // files.
  [[nodiscard]] virtual std::string identity() const = 0;
};

struct SourceOptions {
  std::string caption_key = "caption";  // field of a sample's .json where it has no .txt
  CsvOptions csv;
  std::uint64_t max_image_bytes = DecodeLimits{}.max_bytes;
  std::filesystem::path output;  // of the import: no part of a source, though it may lie in one
};

// `source`: a list of tars (shard_list.h), a corpus folder, a table, or a folder of images. Throws
// DataError if there is no such thing or it is damaged.
std::unique_ptr<ImportSource> open_import_source(const std::string& source,
                                                 const SourceOptions& options);

}  // namespace helip::data
