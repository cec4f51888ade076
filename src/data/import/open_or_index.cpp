#include "data/import/open_or_index.h"

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "common/error.h"
#include "common/json.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/corpus/corpus.h"
#include "data/corpus/file_stamp.h"
#include "data/corpus/index_corpus.h"
#include "data/import/corpus_import.h"
#include "data/import/shard_list.h"
#include "store/array_files.h"

namespace helip::data {
namespace {

// What a file looked like when it was indexed. Times are kept beside the index, not in it: they
// only say whether it must be made again.
OrderedJson stamp_of(const std::filesystem::path& file) {
  const FileStamp stamp = file_stamp(file);
  return {{"path", file.string()}, {"bytes", stamp.bytes}, {"mtime_ns", stamp.mtime_ns}};
}

// True if the folder holds a whole index that was made from sources with this stamp.
bool is_current(const std::filesystem::path& folder, const std::filesystem::path& stamp_file,
                const OrderedJson& stamp) {
  if (!is_file(stamp_file) || !is_file(folder / "manifest.json")) return false;
  const auto known =
      OrderedJson::parse(read_text_file(stamp_file), nullptr, /*allow_exceptions=*/false);
  if (known != stamp) return false;
  try {
    Corpus::open(folder);
  } catch (const Error&) {
    // Damaged, or cut short by a crash: made again below.
    return false;
  }
  return true;
}

// The quarantine belongs to the samples of one fingerprint.
void drop_other_quarantine(const std::filesystem::path& folder, const std::string& fingerprint) {
  if (fingerprint_in(folder / "manifest.json") == fingerprint) return;
  remove_path(folder / store::kQuarantineFile);
  remove_path(folder / "quarantine.jsonl");
}

std::filesystem::path index_tars(
    const std::vector<std::filesystem::path>& shards, const std::filesystem::path& folder,
    const std::string& caption_key,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  OrderedJson stamp = {{"caption_key", caption_key}, {"files", OrderedJson::array()}};
  for (const auto& shard : shards) stamp["files"].push_back(stamp_of(shard));
  const auto stamp_file = folder / "indexed_files.json";
  if (is_current(folder, stamp_file, stamp)) return folder;
  CorpusScan scan = scan_shards(shards, caption_key, progress);
  drop_other_quarantine(folder, scan.manifest.fingerprint);
  write_corpus_index(std::move(scan), folder);
  publish_file(stamp_file, stamp.dump(1) + "\n");
  return folder;
}

// Tables and image folders have no place to point at: they are copied into shards, as they are.
std::filesystem::path import_once(
    const config::CorpusConfig& config, const std::filesystem::path& folder,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  ImportOptions options;
  options.sources = {std::filesystem::absolute(config.path).lexically_normal().string()};
  options.caption_key = config.caption_key;
  options.csv = csv_options_of(config);
  options.images.limits = limits_of(config);
  // Results of a job must not depend on a machine's speed.
  options.images.max_decode_seconds = std::numeric_limits<double>::infinity();
  options.max_left_out = config.max_quarantined;
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  const auto imported = folder / "imported";
  options.out = imported;
  const OrderedJson stamp = {{"identity", import_identity(options)}};
  const auto stamp_file = folder / kImportStampFile;
  if (is_current(imported, stamp_file, stamp)) return imported;
  remove_path(imported);
  import_corpus(options, progress);
  publish_file(stamp_file, stamp.dump(1) + "\n");
  return imported;
}

}  // namespace

std::filesystem::path open_or_index(
    const config::CorpusConfig& config, const std::filesystem::path& index_folder,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const std::filesystem::path path = config.path;
  if (is_file(path / "manifest.json")) {
    const CorpusManifest manifest = read_manifest(path / "manifest.json");
    if (manifest.json_captions > 0 && manifest.caption_key != config.caption_key) {
      throw DataError({.what = "the corpus was indexed with another caption key",
                       .where = (path / "manifest.json").string(),
                       .expected = config.caption_key,
                       .found = manifest.caption_key});
    }
    return path;
  }
  if (is_there(path) && !means_shards(config.path))
    return import_once(config, index_folder, progress);
  return index_tars(list_shards(config.path), index_folder, config.caption_key, progress);
}

}  // namespace helip::data
