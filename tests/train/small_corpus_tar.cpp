#include <span>
#include <string>

#include "common/text.h"
#include "data/corpus/corpus.h"
#include "data/corpus/tar_writer.h"
#include "data/image/encode_image.h"
#include "data/import/open_or_index.h"
#include "train/small_job.h"

namespace helip::test {
namespace {

data::Image picture(std::uint64_t seed) {
  data::Image image{.width = 40, .height = 36, .pixels = {}};
  for (std::uint64_t i = 0; i < 40 * 36 * 3; ++i) {
    image.pixels.push_back(
        static_cast<std::uint8_t>((i * 31 + seed * 57 + i * i * (seed % 5)) & 0xFF));
  }
  return image;
}

}  // namespace

std::filesystem::path make_small_corpus(const std::filesystem::path& folder) {
  const std::filesystem::path shards = folder.string() + ".shards";
  std::filesystem::create_directories(shards);
  for (std::uint64_t shard = 0; shard < 2; ++shard) {
    data::TarWriter tar(shards / cat(shard, ".tar"));
    for (std::uint64_t i = shard * kPairs / 2; i < (shard + 1) * kPairs / 2; ++i) {
      const std::string caption = cat("drawing number ", i == 3 ? 2 : i, " of a thing");
      tar.add(cat(100 + i, ".png"), data::encode_png(picture(i == 1 ? 0 : i)));
      tar.add(cat(100 + i, ".txt"), std::as_bytes(std::span(caption)));
    }
    tar.publish();
  }
  return data::open_or_index({.path = shards.string()}, folder);
}

}  // namespace helip::test
