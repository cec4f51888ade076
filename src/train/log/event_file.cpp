#include "train/log/event_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>

#include "common/publish.h"
#include "common/text.h"

namespace helip::train {
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";
constexpr const char* kVersion = "brain.Event:2";

// Field numbers and values of tensorflow/core/util/event.proto and framework/summary.proto.
enum EventField { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
constexpr int kSummaryValue = 1;
enum ValueField { kTag = 1, kSimpleValue = 2 };
constexpr int kSessionStatus = 1;
constexpr std::uint64_t kSessionStart = 1;

static_assert(std::endian::native == std::endian::little);
template <typename T>
void add_fixed(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes{};
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

// A message in Protobuf's wire format.
class Message {
 public:
  Message& varint(int field, std::uint64_t value) {
    key(field, 0);
    add_varint(value);
    return *this;
  }
  Message& fixed64(int field, double value) {
    key(field, 1);
    add_fixed(bytes_, value);
    return *this;
  }
  Message& bytes(int field, std::string_view value) {
    key(field, 2);
    add_varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& fixed32(int field, float value) {
    key(field, 5);
    add_fixed(bytes_, value);
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return bytes_; }

 private:
  void key(int field, unsigned wire_type) {
    add_varint(static_cast<std::uint64_t>(field) << 3U | wire_type);
  }
  void add_varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(value | 0x80U);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

// TFRecord's: a CRC of data that holds CRCs would be weak.
std::uint32_t masked_crc(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xA282EAD8U;
}

// Readers take the files of a folder in the order of their names.
std::filesystem::path next_name(const std::filesystem::path& folder, double now) {
  std::string last;
  std::size_t count = 0;
  if (std::filesystem::exists(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(kPrefix)) continue;
      last = std::max(last, name);
      ++count;
    }
  }
  std::array<char, 48> tail{};
  std::snprintf(tail.data(), tail.size(), "%010llu.helip.%06zu",
                static_cast<unsigned long long>(now), count);
  std::string name = cat(kPrefix, tail.data());
  // The clock may have been set back.
  if (name <= last) {
    std::snprintf(tail.data(), tail.size(), ".%06zu", count);
    name = last + tail.data();
  }
  return folder / name;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < made.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) {
        value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
      }
      made[i] = value;
    }
    return made;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc = (crc >> 8U) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
  }
  return ~crc;
}

EventFile::EventFile(const std::filesystem::path& folder, std::uint64_t resumed_step, double now) {
  std::filesystem::create_directories(folder);
  path_ = next_name(folder, now);
  append_record(Message().fixed64(kWallTime, now).bytes(kFileVersion, kVersion).text());
  const Message start = Message().varint(kSessionStatus, kSessionStart);
  append_record(Message()
                    .fixed64(kWallTime, now)
                    .varint(kStep, resumed_step + 1)
                    .bytes(kSessionLog, start.text())
                    .text());
}

void EventFile::append(std::uint64_t step, const Scalars& scalars, double now) const {
  Message summary;
  for (const auto& [tag, value] : scalars) {
    const Message scalar =
        Message().bytes(kTag, tag).fixed32(kSimpleValue, static_cast<float>(value));
    summary.bytes(kSummaryValue, scalar.text());
  }
  append_record(
      Message().fixed64(kWallTime, now).varint(kStep, step).bytes(kSummary, summary.text()).text());
}

void EventFile::append_record(std::string_view event) const {
  std::string length;
  add_fixed(length, static_cast<std::uint64_t>(event.size()));
  std::string record = length;
  add_fixed(record, masked_crc(length));
  record += event;
  add_fixed(record, masked_crc(event));
  append_bytes(path_, record);
}

}  // namespace helip::train
