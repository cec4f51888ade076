// Every hostile or damaged file is refused in one clear line, within bounded memory; nothing
// crashes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/rng.h"
#include "common/text.h"
#include "counted_memory.h"
#include "golden_checkpoints.h"
#include "support/temporary_folder.h"
#include "weights/crc32.h"
#include "weights/torch_checkpoint.h"
#include "weights/weights_file.h"

using namespace helip;
using namespace helip::weights;
namespace fs = std::filesystem;

namespace {

// Mapped bytes are not counted: what is must not exceed the file twice or, of a small file, some
// room for maps and messages and what its values cost.
std::size_t allowed(std::size_t file_size) {
  constexpr std::size_t kRoom = 64 << 10;
  constexpr std::size_t kValue = 100;
  constexpr std::size_t kValues = 50'000;
  return kRoom + std::max(2 * file_size, kValue * std::min(file_size, kValues));
}

// Without the fsync of a published file.
void write(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string content_of(const Json& parts) {
  std::string content;
  for (const auto& part : parts) {
    if (part.is_array()) {
      content.append(part[1].get<std::size_t>(), static_cast<char>(part[0].get<int>()));
      continue;
    }
    const auto hex = part.get<std::string>();
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      content += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
  }
  return content;
}

struct Outcome {
  std::string refusal;  // empty: it was read
  std::string difference;
  std::size_t peak = 0;
};

Outcome read(const fs::path& path, const Tensors* expected) {
  Outcome outcome;
  test::start_counting();
  try {
    const WeightsFile file = WeightsFile::open(path);
    outcome.peak = test::peak_bytes();
    if (expected != nullptr) outcome.difference = test::difference(file.tensors(), *expected);
  } catch (const StoreError& error) {
    outcome.peak = test::peak_bytes();
    outcome.refusal = error.what();
  }
  return outcome;
}

bool one_clear_line(const std::string& refusal, const fs::path& path) {
  return refusal.starts_with(path.string()) && refusal.find('\n') == std::string::npos &&
         refusal.size() < path.string().size() + 400;
}

}  // namespace

TEST_CASE("each of the hostile files is refused by name, place and cause") {
  const test::TemporaryFolder folder;
  const fs::path path = folder.path() / "file.pt";
  std::ifstream lines(fs::path(HELIP_SOURCE_DIR) / "tests/golden/hostile_checkpoints/files.jsonl");
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto json = Json::parse(line);
    const std::string content = content_of(json.at("content"));
    write(path, content);
    const Outcome outcome = read(path, nullptr);
    INFO(json.at("name").dump() << ": " << outcome.refusal << "; " << outcome.peak
                                << " bytes of memory");
    CHECK(one_clear_line(outcome.refusal, path));
    CHECK(outcome.refusal.find(json.at("words").get<std::string>()) != std::string::npos);
    CHECK(outcome.peak <= allowed(content.size()));
  }
  CHECK(count >= 300);
  CHECK_FALSE(fs::exists("/tmp/helip-was-here"));
}

TEST_CASE("a damaged copy of a good file is refused, or read with the same values") {
  const test::TemporaryFolder folder;
  const fs::path path = folder.path() / "file.pt";
  for (const char* name : {"open_clip", "strides", "slip", "torch_script", "protocol_4"}) {
    const std::string good = read_text_file(test::kCheckpoints / (std::string(name) + ".pt"));
    const Tensors expected = test::expected_tensors(name);
    RandomStream random(1, name, {});
    std::size_t refused = 0;
    for (int i = 0; i < 200; ++i) {
      std::string content = good;
      const auto at = static_cast<std::size_t>(random.uniform() * static_cast<double>(good.size()));
      if (i % 4 == 3) {
        content.resize(at);
      } else {
        content[at] = static_cast<char>(content[at] ^ (1 << (i % 8)));
      }
      write(path, content);
      const Outcome outcome = read(path, &expected);
      INFO(name << ", damage " << i << " at " << at << ": " << outcome.refusal << "; "
                << outcome.peak << " bytes of memory");
      CHECK(outcome.peak <= allowed(good.size()));
      if (outcome.refusal.empty()) {
        CHECK(outcome.difference.empty());
      } else {
        CHECK(one_clear_line(outcome.refusal, path));
        ++refused;
      }
    }
    INFO(name << ": " << refused << " of 200 were refused");
    // Every truncation, and the flips that matter.
    CHECK(refused >= 50);
  }
}

TEST_CASE("a pickle with changed bytes and a right check sum is refused or read, within bounds") {
  const test::TemporaryFolder folder;
  const fs::path path = folder.path() / "file.pt";
  for (const char* name : {"open_clip", "slip", "torch_script", "protocol_4"}) {
    const std::string good = read_text_file(test::kCheckpoints / (std::string(name) + ".pt"));
    const std::size_t pickle = good.find("\x80", good.find("data.pkl"));
    // The name stands in the pickle's local header and in the directory.
    const std::size_t header = good.rfind("/data.pkl");
    const std::size_t crc_at = good.rfind("PK\x01\x02", header) + 16;
    std::uint32_t length = 0;
    std::memcpy(&length, good.data() + crc_at + 8, sizeof length);
    RandomStream random(2, name, {});
    std::size_t refused = 0;
    for (int i = 0; i < 1000; ++i) {
      std::string content = good;
      std::size_t at = 0;
      for (int change = 0; change <= i % 3; ++change) {
        at = pickle + static_cast<std::size_t>(random.uniform() * length);
        content[at] = static_cast<char>(random.uniform() * 256);
      }
      const std::uint32_t crc =
          crc32(std::as_bytes(std::span<const char>(content).subspan(pickle, length)));
      std::memcpy(content.data() + crc_at, &crc, sizeof crc);
      write(path, content);
      const Outcome outcome = read(path, nullptr);
      INFO(name << ", change " << i << " at " << at << ": " << outcome.refusal << "; "
                << outcome.peak << " bytes of memory");
      CHECK(outcome.peak <= allowed(good.size()));
      CHECK(outcome.refusal.find("CRC") == std::string::npos);
      if (!outcome.refusal.empty()) {
        CHECK(one_clear_line(outcome.refusal, path));
        ++refused;
      }
    }
    INFO(name << ": " << refused << " of 1,000 were refused");
    CHECK(refused >= 300);
    CHECK(refused < 1000);
  }
}

TEST_CASE("a pickle may be as long as its file's size allows") {
  const test::TemporaryFolder folder;
  const fs::path path = folder.path() / "file.pt";
  // About 26 opcodes for a tensor: 1,000 are read of any file, 4,000 of one of 16 MB.
  const auto refusal = [&](int tensors, std::size_t floats) {
    const std::vector<float> values(floats, 1);
    const store::TensorView view{
        .dtype = "F32", .shape = {floats}, .data = std::as_bytes(std::span(values))};
    TorchCheckpoint checkpoint;
    for (int i = 0; i < tensors; ++i) checkpoint.tensors.emplace_back(cat("layer.", i), view);
    write_torch_checkpoint(path, checkpoint);
    const Outcome outcome = read(path, nullptr);
    CHECK(outcome.peak <= allowed(fs::file_size(path)));
    return outcome.refusal;
  };
  CHECK(refusal(1000, 1).empty());
  CHECK(refusal(4000, 1000).empty());
  CHECK_THAT(refusal(4000, 1), Catch::Matchers::Contains("too long for its file") &&
                                   Catch::Matchers::Contains("at most 50000 opcodes"));
}

TEST_CASE("every truncation of a checkpoint is refused") {
  const test::TemporaryFolder folder;
  const fs::path path = folder.path() / "file.pt";
  const std::string good = read_text_file(test::kCheckpoints / "bare.pt");
  for (std::size_t length = 0; length < good.size(); ++length) {
    write(path, good.substr(0, length));
    INFO("cut to " << length);
    CHECK_FALSE(read(path, nullptr).refusal.empty());
  }
}
