#include "data/corpus/feature_cache.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <string>

#include "common/log.h"
#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

const FeatureKey kKey = {{"encoder", "abc"}, {"first", "0"}};

CachedFeatures sample_features() {
  return {.blocks = {{"image", {2, 3, {1, 2, 3, 4, 5, 6}}}, {"text", {2, 1, {7, 8}}}},
          .note = "[1]"};
}

bool readable(const std::filesystem::path& file, const FeatureKey& key = kKey,
              const std::set<std::string>& names = {"image", "text"}, std::uint64_t rows = 2) {
  return read_features(file, key, names, rows).has_value();
}

TEST_CASE("features come back as they were written, with their note") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "deeper" / "f.safetensors";
  CHECK_FALSE(readable(file));
  write_features(file, kKey, sample_features());
  const auto found = read_features(file, kKey, {"image", "text"}, 2);
  REQUIRE(found.has_value());
  CHECK(found->note == "[1]");
  CHECK(found->blocks.at("image").dim == 3);
  CHECK(found->blocks.at("image").values == sample_features().blocks.at("image").values);
  CHECK(found->blocks.at("text").values == sample_features().blocks.at("text").values);
}

TEST_CASE("features of another key, other blocks or another number of rows count as absent") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "f.safetensors";
  write_features(file, kKey, sample_features());
  CHECK(readable(file));
  CHECK_FALSE(readable(file, {{"encoder", "abd"}, {"first", "0"}}));
  CHECK_FALSE(readable(file, {{"encoder", "abc"}}));
  CHECK_FALSE(readable(file, {{"encoder", "abc"}, {"first", "0"}, {"device", "cpu"}}));
  CHECK_FALSE(readable(file, kKey, {"image"}));
  CHECK_FALSE(readable(file, kKey, {"image", "audio"}));
  CHECK_FALSE(readable(file, kKey, {"image", "text"}, 3));
}

TEST_CASE("every damaged byte and every truncation makes the features absent") {
  log::start("test", log::Level::kError);  // a warning each
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "f.safetensors";
  write_features(file, kKey, sample_features());
  const std::string content = read_text_file(file);
  for (std::size_t at = 0; at < content.size(); ++at) {
    INFO("byte " << at);
    std::string damaged = content;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
    publish_file(file, damaged);
    CHECK_FALSE(readable(file));
  }
  for (std::size_t length = 0; length < content.size(); length += 7) {
    publish_file(file, content.substr(0, length));
    CHECK_FALSE(readable(file));
  }
  publish_file(file, content);
  CHECK(readable(file));
}

}  // namespace
}  // namespace helip::data
