// The golden files of this folder's tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "common/json.h"

namespace helip::test {

inline std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(HELIP_SOURCE_DIR) / "tests/golden" / name;
}

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline Json read_json(const std::filesystem::path& file) { return Json::parse(read_text(file)); }

inline void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

// The message of the error that `call` throws; empty if it throws none of that kind.
template <typename Kind, typename Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const Kind& error) {
    return error.what();
  }
  return {};
}

}  // namespace helip::test
