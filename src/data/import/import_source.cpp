#include "data/import/import_source.h"

#include "common/error.h"
#include "common/path_kind.h"
#include "data/corpus/index_corpus.h"
#include "data/corpus/manifest.h"
#include "data/import/folder_source.h"
#include "data/import/shard_list.h"
#include "data/import/shard_source.h"
#include "data/import/table_source.h"

namespace helip::data {

std::unique_ptr<ImportSource> open_import_source(const std::string& source,
                                                 const SourceOptions& options) {
  const std::filesystem::path path = source;
  if (is_file(path / "manifest.json")) {
    const CorpusManifest manifest = read_manifest(path / "manifest.json");
    return shard_source(shard_paths(manifest, path), options, manifest.resizes_first);
  }
  if (means_shards(source))
    return shard_source(list_shards(source), options, /*resizes_first=*/false);
  if (is_folder(path)) return folder_source(path, options);
  if (is_file(path)) return table_source(path, options);
  throw DataError({.what = "the source does not exist or is no file",
                   .where = source,
                   .expected = "tars, a table, or a folder of images",
                   .found = why_not_there(path)});
}

}  // namespace helip::data
