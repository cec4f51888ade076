// Event files as a reader of TensorBoard's formats takes them apart, written here a second time
// from their descriptions.
#include "train/log/event_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;

// CRC-32C a bit at a time.
std::uint32_t slow_crc(const std::string& bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const bool odd = ((crc ^ (static_cast<unsigned char>(c) >> bit)) & 1U) != 0;
      crc = (crc >> 1U) ^ (odd ? 0x82F63B78U : 0U);
    }
  }
  return ~crc;
}

template <typename T>
T number(const std::string& bytes, std::size_t at) {
  T value;
  if (at + sizeof value > bytes.size()) throw std::runtime_error("cut off");
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

void check_crc(const std::string& bytes, std::uint32_t found) {
  const std::uint32_t crc = slow_crc(bytes);
  if (found != ((crc >> 15U | crc << 17U) + 0xA282EAD8U)) throw std::runtime_error("a wrong CRC");
}

std::vector<std::string> records(const std::string& file) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < file.size();) {
    const auto length = number<std::uint64_t>(file, at);
    check_crc(file.substr(at, 8), number<std::uint32_t>(file, at + 8));
    if (length > file.size() - at) throw std::runtime_error("cut off");
    found.push_back(file.substr(at + 12, length));
    check_crc(found.back(), number<std::uint32_t>(file, at + 12 + length));
    at += 16 + length;
  }
  return found;
}

// Fields of a Protobuf message: number → raw bytes (varints as eight), in order.
std::multimap<int, std::string> fields(const std::string& message) {
  std::multimap<int, std::string> found;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(at++));
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.size()) {
    const std::uint64_t key = varint();
    std::size_t length = 0;
    switch (key & 7U) {
      case 0: {
        const std::uint64_t value = varint();
        found.emplace(key >> 3U, std::string(reinterpret_cast<const char*>(&value), sizeof value));
        continue;
      }
      case 1:
        length = 8;
        break;
      case 2:
        length = varint();
        break;
      case 5:
        length = 4;
        break;
      default:
        throw std::runtime_error("an unknown wire type");
    }
    found.emplace(key >> 3U, message.substr(at, length));
    at += length;
  }
  return found;
}

struct Event {
  double wall_time = 0;
  std::uint64_t step = 0;
  std::string version;
  std::uint64_t session = 0;  // status of the session log
  std::map<std::string, float> scalars;
};

std::vector<Event> events_of(const fs::path& path) {
  std::vector<Event> events;
  for (const std::string& record : records(read_text_file(path))) {
    Event& event = events.emplace_back();
    for (const auto& [field, value] : fields(record)) {
      if (field == 1) event.wall_time = number<double>(value, 0);
      if (field == 2) event.step = number<std::uint64_t>(value, 0);
      if (field == 3) event.version = value;
      if (field == 7) event.session = number<std::uint64_t>(fields(value).find(1)->second, 0);
      if (field != 5) continue;
      for (const auto& [place, scalar] : fields(value)) {
        REQUIRE(place == 1);
        const auto parts = fields(scalar);
        event.scalars[parts.find(1)->second] = number<float>(parts.find(2)->second, 0);
      }
    }
  }
  return events;
}

TEST_CASE("CRC-32C has the value of its description") {
  CHECK(crc32c("123456789") == 0xE3069283U);
  CHECK(crc32c("") == 0);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU);
}

TEST_CASE("an event file begins with its version and a session, and holds each step's scalars") {
  const test::TemporaryFolder folder;
  const EventFile file(folder.path() / "events", 0, 1.7e9 + 0.5);
  file.append(20, {{"train/loss", 1.25}, {"train/lr", 1e-4}}, 1.7e9 + 1);
  file.append(300, {{"train/loss", std::numeric_limits<double>::quiet_NaN()}}, 1.7e9 + 2);
  file.append(1ULL << 40U, {}, 1.7e9 + 3);
  CHECK(file.path().filename() == "events.out.tfevents.1700000000.helip.000000");
  const std::vector<Event> events = events_of(file.path());
  REQUIRE(events.size() == 5);
  CHECK(events[0].version == "brain.Event:2");
  CHECK(events[0].wall_time == 1.7e9 + 0.5);
  CHECK(events[1].session == 1);
  CHECK(events[1].step == 1);
  CHECK(events[2].step == 20);
  CHECK(events[2].wall_time == 1.7e9 + 1);
  CHECK(events[2].scalars ==
        std::map<std::string, float>{{"train/loss", 1.25F}, {"train/lr", 1e-4F}});
  CHECK(std::isnan(events[3].scalars.at("train/loss")));
  CHECK(events[4].step == 1ULL << 40U);
}

TEST_CASE("a resumed run writes a file of its own that starts after the resumed step") {
  const test::TemporaryFolder folder;
  std::vector<std::string> names;
  // The clock stands still, and is then set back.
  for (const double now : {1.7e9, 1.7e9, 1.6e9, 1.8e9}) {
    const EventFile file(folder.path(), 40, now);
    names.push_back(file.path().filename());
    CHECK(events_of(file.path())[1].step == 41);
  }
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("a reader notices every flipped bit of an event file") {
  const test::TemporaryFolder folder;
  const EventFile file(folder.path(), 0, 1.7e9);
  file.append(7, {{"train/loss", 0.5}}, 1.7e9);
  const std::string whole = read_text_file(file.path());
  CHECK(records(whole).size() == 3);
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] =
        static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) ^ (1U << (bit % 8)));
    CHECK_THROWS_AS(records(bytes), std::runtime_error);
  }
}

}  // namespace
}  // namespace helip::train
