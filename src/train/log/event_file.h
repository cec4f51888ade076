// TensorBoard's event files: FOLDER/events.out.tfevents.SECONDS.helip.NUMBER. Records as TFRecord
// frames them (length, masked CRC-32C of the length, data, masked CRC-32C of the data), data an
// Event of TensorFlow's event.proto in Protobuf's wire format. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace helip::train {

// CRC-32C (Castagnoli).
std::uint32_t crc32c(std::string_view bytes);

class EventFile {
 public:
  using Scalars = std::vector<std::pair<std::string, double>>;  // by tag

  // Makes a new file whose name sorts after the existing ones. A reader drops what earlier
  // files say of steps past `resumed_step`. `now` is the time in seconds since 1970. Throws
  // StoreError.
  EventFile(const std::filesystem::path& folder, std::uint64_t resumed_step, double now);
  // One event, written at once. Values are rounded to float32.
  void append(std::uint64_t step, const Scalars& scalars, double now) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void append_record(std::string_view event) const;

  std::filesystem::path path_;
};

}  // namespace helip::train
