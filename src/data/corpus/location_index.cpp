#include "data/corpus/location_index.h"

#include <array>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "data/corpus/webdataset.h"

namespace helip::data {
namespace {

constexpr std::size_t kColumns = 7;
constexpr unsigned kJsonBit = 8;
constexpr unsigned kHeaderShift = 16;
using Row = std::array<std::int64_t, kColumns>;

Row pack(const SampleLocation& location) {
  const std::uint64_t kind = location.extension |
                             static_cast<std::uint64_t>(location.json_caption) << kJsonBit |
                             static_cast<std::uint64_t>(location.header_bytes) << kHeaderShift;
  return {location.shard,
          static_cast<std::int64_t>(location.sample_offset),
          static_cast<std::int64_t>(location.image_offset),
          static_cast<std::int64_t>(location.image_bytes),
          static_cast<std::int64_t>(location.caption_offset),
          static_cast<std::int64_t>(location.caption_bytes),
          static_cast<std::int64_t>(kind)};
}

SampleLocation unpack(std::span<const std::int64_t> row) {
  const auto kind = static_cast<std::uint64_t>(row[6]);
  return {.shard = static_cast<std::uint32_t>(row[0]),
          .sample_offset = static_cast<std::uint64_t>(row[1]),
          .image_offset = static_cast<std::uint64_t>(row[2]),
          .image_bytes = static_cast<std::uint64_t>(row[3]),
          .caption_offset = static_cast<std::uint64_t>(row[4]),
          .caption_bytes = static_cast<std::uint64_t>(row[5]),
          .extension = static_cast<std::uint8_t>(kind & 0xFFU),
          .json_caption = (kind >> kJsonBit & 1U) != 0,
          .header_bytes = static_cast<std::uint32_t>(kind >> kHeaderShift)};
}

bool fits(const SampleLocation& location, std::uint64_t shard_bytes) {
  const auto inside = [&](std::uint64_t offset, std::uint64_t bytes) {
    return offset <= shard_bytes && bytes <= shard_bytes - offset;
  };
  return inside(location.image_offset, location.image_bytes) &&
         inside(location.caption_offset, location.caption_bytes) &&
         location.header_bytes <= location.image_offset &&
         location.sample_offset <= location.image_offset - location.header_bytes &&
         location.sample_offset < location.caption_offset &&
         location.extension < kImageExtensions.size();
}

}  // namespace

LocationIndex LocationIndex::open(const std::filesystem::path& file,
                                  const CorpusManifest& manifest) {
  auto array = store::NpyArray::open(file);
  const std::vector<std::uint64_t> shape = {manifest.pairs, kColumns};
  if (array.dtype() != store::DType::kI64 || array.shape() != shape) {
    throw StoreError({.what = "the corpus index does not fit its manifest",
                      .where = file.string(),
                      .expected = cat("int64 [", manifest.pairs, ", ", kColumns, "]")});
  }
  LocationIndex index(std::move(array));
  for (std::size_t shard = 0; shard < manifest.shards.size(); ++shard) {
    const ShardEntry& entry = manifest.shards[shard];
    for (std::uint64_t i = entry.first_sample; i < entry.first_sample + entry.samples; ++i) {
      const SampleLocation location = index.at(i);
      if (location.shard != shard || !fits(location, entry.bytes)) {
        throw StoreError(
            {.what = cat("the corpus index is damaged: sample ", i, " lies outside of its shard"),
             .where = file.string(),
             .expected = cat("a place in ", entry.name, " (", entry.bytes, " bytes)")});
      }
    }
  }
  return index;
}

SampleLocation LocationIndex::at(std::uint64_t sample) const {
  return unpack(
      array_.as<std::int64_t>().subspan(static_cast<std::size_t>(sample) * kColumns, kColumns));
}

std::string write_location_index(const std::filesystem::path& file,
                                 const std::vector<SampleLocation>& locations) {
  store::NpyWriter writer(file, store::DType::kI64, {locations.size(), kColumns});
  std::vector<std::int64_t> rows;
  constexpr std::size_t kRowsAtOnce = 4096;
  rows.reserve(kRowsAtOnce * kColumns);
  const auto flush = [&] {
    writer.write_values(std::span<const std::int64_t>(rows));
    rows.clear();
  };
  for (const SampleLocation& location : locations) {
    const Row row = pack(location);
    rows.insert(rows.end(), row.begin(), row.end());
    if (rows.size() == kRowsAtOnce * kColumns) flush();
  }
  flush();
  writer.publish();
  return sha256_file(file);
}

}  // namespace helip::data
