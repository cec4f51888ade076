// Writes tar shards that are a function of their content alone: ustar, mode 0644, owner 0, time 0.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "common/publish.h"

namespace helip::data {

class TarWriter {
 public:
  explicit TarWriter(const std::filesystem::path& file) : publisher_(file) {}
  // Appends a member. `name` has 1 to 100 bytes, `content` less than 8 GiB: throws DataError
  // otherwise, and StoreError if the file cannot be written.
  void add(const std::string& name, std::span<const std::byte> content);
  // Writes the end mark and gives the file its name. Without it the destructor removes the file.
  void publish();

 private:
  FilePublisher publisher_;
};

}  // namespace helip::data
