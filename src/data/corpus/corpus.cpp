#include "data/corpus/corpus.h"

#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "data/corpus/index_corpus.h"
#include "data/corpus/location_index.h"
#include "data/corpus/sample_reader.h"
#include "store/array_files.h"
#include "store/npy.h"

namespace helip::data {
namespace {

void check_digest(const std::filesystem::path& file, const std::string& expected) {
  const std::string found = sha256_file(file);
  if (found != expected) {
    throw StoreError({.what = "a file of the corpus index is damaged",
                      .where = file.string(),
                      .expected = "sha256 " + expected,
                      .found = found});
  }
}

store::NpyArray open_groups(const std::filesystem::path& file, const std::string& sha256,
                            std::uint64_t pairs) {
  check_digest(file, sha256);
  auto array = store::NpyArray::open(file);
  if (array.dtype() != store::DType::kU32 || array.shape() != std::vector<std::uint64_t>{pairs}) {
    throw StoreError({.what = "duplicate groups do not fit the corpus",
                      .where = file.string(),
                      .expected = cat("uint32 [", pairs, "]")});
  }
  return array;
}

void check_shard(const std::filesystem::path& path, const ShardEntry& entry) {
  std::error_code error;
  const std::uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) {
    throw DataError({.what = "a shard of the corpus is missing",
                     .where = path.string(),
                     .found = error.message()});
  }
  if (bytes != entry.bytes) {
    throw DataError({.what = "a shard changed since the corpus was indexed",
                     .where = path.string(),
                     .expected = cat(entry.bytes, " bytes"),
                     .found = cat(bytes, " bytes")});
  }
}

}  // namespace

struct Corpus::State {
  CorpusManifest manifest;
  LocationIndex index;
  store::NpyArray image_groups;
  store::NpyArray caption_groups;
  SampleReader reader;
};

Corpus::Corpus(std::unique_ptr<State> state) : state_(std::move(state)) {}
Corpus::Corpus(Corpus&&) noexcept = default;
Corpus& Corpus::operator=(Corpus&&) noexcept = default;
Corpus::~Corpus() = default;

Corpus Corpus::open(const std::filesystem::path& folder, std::uint64_t max_image_bytes) {
  const auto file = folder / "manifest.json";
  if (!is_file(file)) {
    throw DataError({.what = "not a corpus folder",
                     .where = folder.string(),
                     .expected = "manifest.json in it"});
  }
  CorpusManifest manifest = read_manifest(file);
  auto paths = shard_paths(manifest, folder);
  for (std::size_t i = 0; i < paths.size(); ++i) check_shard(paths[i], manifest.shards[i]);
  check_digest(folder / store::kIndexFile, manifest.index_sha256);
  auto index = LocationIndex::open(folder / store::kIndexFile, manifest);
  auto image_groups =
      open_groups(folder / store::kImageGroupFile, manifest.image_group_sha256, manifest.pairs);
  auto caption_groups =
      open_groups(folder / store::kCaptionGroupFile, manifest.caption_group_sha256, manifest.pairs);
  const std::string caption_key = manifest.caption_key;
  auto names = shard_names(manifest);
  // NOLINTNEXTLINE(modernize-make-unique): an aggregate
  return Corpus(std::unique_ptr<State>(new State{
      std::move(manifest), std::move(index), std::move(image_groups), std::move(caption_groups),
      SampleReader(std::move(paths), std::move(names), caption_key, max_image_bytes)}));
}

std::uint64_t Corpus::size() const { return state_->manifest.pairs; }

const CorpusManifest& Corpus::manifest() const { return state_->manifest; }

Sample Corpus::load(SampleId id) const {
  if (to_index(id) >= size()) {
    throw DataError({.what = "no such sample in the corpus",
                     .expected = cat("an id below ", size()),
                     .found = cat(to_index(id))});
  }
  return state_->reader.read(id, state_->index.at(to_index(id)));
}

std::span<const std::uint32_t> Corpus::image_groups() const {
  return state_->image_groups.as<std::uint32_t>();
}

std::span<const std::uint32_t> Corpus::caption_groups() const {
  return state_->caption_groups.as<std::uint32_t>();
}

}  // namespace helip::data
