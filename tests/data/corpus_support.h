// Raw tars, tiny images and whole small corpora for the corpus tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/corpus/tar_header.h"
#include "data/corpus/tar_reader.h"
#include "data/image/encode_image.h"
#include "data/image/image.h"

namespace helip::test {

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void write_file(const std::filesystem::path& file, std::string_view content) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

inline std::string golden_folder(const std::string& name) {
  return std::string(HELIP_SOURCE_DIR) + "/tests/golden/" + name + "/";
}

// Sets a header's checksum field anew.
inline void fix_checksum(std::string& block) {
  const std::uint32_t sum = data::tar::checksum(bytes_of(block));
  std::string octal(6, '0');
  for (std::size_t i = 6, rest = sum; i-- > 0; rest >>= 3)
    octal[i] = static_cast<char>('0' + (rest & 7));
  block.replace(148, 8, octal + std::string("\0 ", 2));
}

// A ustar header block; `size_field` (12 bytes) replaces the octal size.
inline std::string tar_header(const std::string& name, std::uint64_t size, char type = '0',
                              const std::string& size_field = {}) {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  block.replace(100, 8, std::string("0000644\0", 8));
  std::string octal(11, '0');
  for (std::size_t i = 11; i-- > 0; size >>= 3) octal[i] = static_cast<char>('0' + (size & 7));
  block.replace(124, size_field.empty() ? 11 : 12, size_field.empty() ? octal : size_field);
  block[156] = type;
  block.replace(257, 8, std::string("ustar\00000", 8));
  fix_checksum(block);
  return block;
}

inline std::string tar_member(const std::string& name, const std::string& content,
                              char type = '0') {
  return tar_header(name, content.size(), type) + content +
         std::string((512 - content.size() % 512) % 512, '\0');
}

inline const std::string kTarEnd(1024, '\0');

// A PNG whose pixels follow from `seed`.
inline std::string png(int seed, int width = 6, int height = 4) {
  data::Image image{.width = width, .height = height, .pixels = {}};
  for (int i = 0; i < width * height * 3; ++i) {
    image.pixels.push_back(
        static_cast<std::uint8_t>((i * 31 + seed * 57 + i * i * (seed % 5)) & 0xFF));
  }
  return text_of(data::encode_png(image));
}

inline std::vector<std::string> member_names(const std::filesystem::path& tar) {
  data::TarReader reader(tar);
  std::vector<std::string> names;
  while (const auto member = reader.next()) names.push_back(member->name);
  return names;
}

// Message of the error of type E that `action` throws; empty if it throws none.
template <typename E, typename Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return {};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace helip::test
