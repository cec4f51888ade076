// The tiny locked-towers model of tests/golden/locked_towers and the pictures and captions of
// tests/golden/encode with what it gives for them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "common/json.h"
#include "common/publish.h"
#include "config/run_config.h"
#include "data/corpus/tar_writer.h"

namespace helip::test {

inline std::filesystem::path golden_folder() {
  return std::filesystem::path(HELIP_SOURCE_DIR) / "tests" / "golden";
}

inline config::ModelConfig golden_towers() {
  config::ModelConfig model;
  model.architecture = (golden_folder() / "locked_towers").string();
  model.init = model.architecture;
  model.trust_torchscript = true;
  return model;
}

// "0.png" … "4.png", "broken.png".
inline std::string picture(const std::string& name) {
  return read_text_file(golden_folder() / "encode" / name);
}

// captions, image_features, text_features, image_embeddings, text_embeddings; a row per picture.
inline Json expected_of_pictures() {
  return Json::parse(read_text_file(golden_folder() / "encode" / "expected.json"));
}

inline void add_member(data::TarWriter& tar, const std::string& name, const std::string& content) {
  tar.add(name, std::as_bytes(std::span(content)));
}

}  // namespace helip::test
