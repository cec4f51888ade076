// Reading what the scripts under tests/golden wrote.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>

#include "common/json.h"
#include "data/image/image.h"

namespace helip::test {

inline std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(HELIP_SOURCE_DIR) / "tests" / "golden" / name;
}

inline std::string read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + file.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline Json read_json(const std::string& name) { return Json::parse(read_bytes(golden(name))); }

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// The source pictures of resize/make_golden.py.
inline data::Image noise(int width, int height, std::uint64_t seed) {
  data::Image image;
  image.width = width;
  image.height = height;
  image.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const auto v = static_cast<std::uint32_t>(i * 2654435761ULL + seed);
    image.pixels[i] = static_cast<std::uint8_t>((v * v) >> 24U);
  }
  return image;
}

inline data::Interpolation filter_of(const Json& test_case) {
  return test_case.at("filter") == "bicubic" ? data::Interpolation::kBicubic
                                             : data::Interpolation::kBilinear;
}

}  // namespace helip::test
