// A small corpus of golden pictures and what encodes it, for tests of the encode stage.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/text.h"
#include "config/run_config.h"
#include "data/corpus/tar_writer.h"
#include "data/import/open_or_index.h"
#include "mining/encode/encode_job.h"
#include "store/npy.h"
#include "store/safetensors.h"
#include "support/golden_towers.h"

namespace helip::mining {

constexpr std::uint64_t kSamples = 7;
constexpr std::uint64_t kBroken = 2;  // a picture that is cut off
constexpr std::uint64_t kNoCaption = 5;

// Golden pictures in order, a broken one at 2 and one with an empty caption at 5, in two shards.
inline std::filesystem::path make_corpus(const std::filesystem::path& folder) {
  const Json captions = test::expected_of_pictures().at("captions");
  std::filesystem::create_directories(folder / "shards");
  std::size_t golden = 0;
  for (const std::uint64_t shard : {0, 1}) {
    data::TarWriter tar(folder / "shards" / (cat("0000", shard, ".tar")));
    for (std::uint64_t i = shard * 4; i < std::min<std::uint64_t>(kSamples, shard * 4 + 4); ++i) {
      const std::string key = cat("s", i);
      const bool special = i == kBroken || i == kNoCaption;
      const std::string name = i == kBroken ? "broken.png" : cat(special ? 0 : golden, ".png");
      test::add_member(tar, key + ".png", test::picture(name));
      test::add_member(
          tar, key + ".txt",
          i == kNoCaption ? " " : captions.at(special ? 0 : golden).get<std::string>());
      if (!special) ++golden;
    }
    tar.publish();
  }
  return data::open_or_index({.path = (folder / "shards").string()}, folder / "corpus");
}

inline EncodeConfig make_config() {
  EncodeConfig config;
  config.model = test::golden_towers();
  config.encoder.batch_size = 2;
  config.encoder.task_samples = 4;
  return config;
}

// A ViT so small that a test can run it.
inline config::ModelConfig tiny_vit(const std::filesystem::path& folder) {
  const auto file = folder / "tiny.json";
  std::ofstream(file) << R"({"embed_dim": 8,
    "vision_cfg": {"image_size": 16, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8},
    "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1}})";
  config::ModelConfig model;
  model.architecture = file.string();
  model.init_seed = 3;
  return model;
}

struct Encoded {
  EncodeReport report;
  store::SafetensorsFile file;
};

inline Encoded encode(const EncodeConfig& config, const std::filesystem::path& corpus,
                      const std::filesystem::path& cache, const std::filesystem::path& result,
                      std::uint64_t first = 0, std::uint64_t count = kSamples) {
  const auto session = open_encode_session(config, corpus, cache, "cpu");
  std::uint64_t done = 0;
  const EncodeReport report = session->encode(
      first, count, result,
      [&](const mining::EncodeReport& report) {
        return std::map<std::string, std::string>{{"first", std::to_string(first)},
                                                  {"samples", std::to_string(report.samples)}};
      },
      [&](std::uint64_t now, std::uint64_t total) {
        CHECK(now >= done);
        CHECK(total == count);
        done = now;
      });
  CHECK(done == count);
  return {report, store::SafetensorsFile::open(result)};
}

inline std::vector<float> rows(const store::SafetensorsFile& file, const std::string& name) {
  const auto values = file.values<float>(name, "F32");
  return {values.begin(), values.end()};
}

// [rows, width] float32, all values 1 but for the rows that are to be zero.
inline std::string write_npy(const std::filesystem::path& file, std::uint64_t rows,
                             std::uint64_t width, std::set<std::uint64_t> zeros = {},
                             float first_value = 1) {
  store::NpyWriter writer(file, store::DType::kF32, {rows, width});
  std::vector<float> values(rows * width, 1);
  for (const std::uint64_t row : zeros) {
    std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(row * width), width, 0.0F);
  }
  values[0] = first_value;
  writer.write_values(std::span<const float>(values));
  writer.publish();
  return file.string();
}

}  // namespace helip::mining
