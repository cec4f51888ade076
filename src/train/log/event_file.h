// TensorBoard's event files: FOLDER/events.out.tfevents.SECONDS.helip.NUMBER. A file is a row of
// records, framed as in TFRecord files: length, masked CRC-32C of the length, data, masked CRC-32C
// of the data. The data are an Event of TensorFlow's event.proto in Protobuf's wire format.
// Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace helip::train {

// Returns the CRC-32C (Castagnoli) of `bytes`.
std::uint32_t crc32c(std::string_view bytes);

class EventFile {
 public:
  using Scalars = std::vector<std::pair<std::string, double>>;  // by tag

  // Creates a file whose name sorts after the names of the existing ones. Its first events make
  // readers drop the events of earlier files past `resumed_step`. `now`: seconds since 1970. Throws
  // StoreError if the file cannot be written.
  EventFile(const std::filesystem::path& folder, std::uint64_t resumed_step, double now);
  // Writes one event at once. Rounds the values to float32. Throws StoreError.
  void append(std::uint64_t step, const Scalars& scalars, double now) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void append_record(std::string_view event) const;

  std::filesystem::path path_;
};

}  // namespace helip::train
