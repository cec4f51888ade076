// 500 damages to the newest checkpoint of a real training. HELIP_DAMAGE_SEED chooses others.
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/rng.h"
#include "common/text.h"
#include "support/temporary_folder.h"
#include "train/checkpoint/checkpoint.h"
#include "train/small_job.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;

constexpr int kDamages = 500;
constexpr int kLoads = 10;  // of them, those after which training really goes on
constexpr std::array<const char*, 4> kFiles = {"model.safetensors", "optimizer.safetensors",
                                               "state.json", "manifest.json"};

void overwrite(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

// Damages `checkpoint` in one way; says how.
std::string damage(const fs::path& checkpoint, const fs::path& older, RandomStream& draw) {
  const std::string name = kFiles.at(draw.below(kFiles.size()));
  const fs::path file = checkpoint / name;
  std::string bytes = read_text_file(file);
  switch (draw.below(8)) {
    case 0: {
      const std::size_t length = draw.below(bytes.size());
      overwrite(file, bytes.substr(0, length));
      return cat(name, " truncated to ", length, " bytes");
    }
    case 1:
      fs::remove(file);
      return cat(name, " removed");
    case 2: {
      overwrite(file, bytes + bytes.substr(bytes.size() - 1));
      return cat(name, " longer by a byte");
    }
    case 3: {
      const std::string other = kFiles.at(draw.below(kFiles.size()));
      if (other == name) {
        fs::copy_file(older / name, file, fs::copy_options::overwrite_existing);
        return cat(name, " of the checkpoint before");
      }
      overwrite(file, read_text_file(checkpoint / other));
      overwrite(checkpoint / other, bytes);
      return cat(name, " and ", other, " exchanged");
    }
    default: {
      const std::size_t place = draw.below(bytes.size());
      const auto bit = static_cast<unsigned>(draw.below(8));
      bytes[place] = static_cast<char>(static_cast<unsigned char>(bytes[place]) ^ (1U << bit));
      overwrite(file, bytes);
      return cat(name, ": bit ", bit, " of byte ", place);
    }
  }
}

TEST_CASE("500 damages to a checkpoint are all noticed, and the one before is taken") {
  const char* given = std::getenv("HELIP_DAMAGE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  RandomStream draw(seed, "damage", {});
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_job(folder.path());
  const auto alone = comm::open_group("local", "cpu", 60);
  run_train_job(spec, *alone, {});
  const fs::path newest = spec.checkpoint_folder / checkpoint_name(30);
  const fs::path older = spec.checkpoint_folder / checkpoint_name(28);
  const RunIdentity run = read_checkpoint(newest).run;
  fs::copy(newest, folder.path() / "whole");

  int noticed = 0;
  for (int i = 0; i < kDamages; ++i) {
    const std::string how = damage(newest, older, draw);
    INFO("seed " << seed << ", damage " << i << ": " << how);
    const auto found = newest_checkpoint(spec.checkpoint_folder, run);
    REQUIRE(found);
    CHECK(found->step == 28);
    noticed += found->step == 28 ? 1 : 0;
    if (i % (kDamages / kLoads) == 0) {
      CHECK(run_train_job(spec, *alone, {}).resumed_from == 28);
      for (const char* name : kFiles) {
        CHECK(sha256_file(newest / name) == sha256_file(folder.path() / "whole" / name));
      }
    }
    fs::remove_all(newest);
    fs::copy(folder.path() / "whole", newest);
  }
  CHECK(noticed == kDamages);
  CHECK(newest_checkpoint(spec.checkpoint_folder, run)->step == 30);
}

TEST_CASE("every bit of a manifest and of a state counts, white space too") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_job(folder.path());
  const auto alone = comm::open_group("local", "cpu", 60);
  run_train_job(spec, *alone, {});
  const fs::path newest = spec.checkpoint_folder / checkpoint_name(30);
  const RunIdentity run = read_checkpoint(newest).run;
  for (const char* name : {"manifest.json", "state.json"}) {
    const std::string whole = read_text_file(newest / name);
    std::size_t unnoticed = 0;
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      std::string bytes = whole;
      bytes[bit / 8] =
          static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) ^ (1U << (bit % 8)));
      overwrite(newest / name, bytes);
      try {
        read_checkpoint(newest);
        ++unnoticed;
      } catch (const StoreError&) {
      }
    }
    INFO(name << " of " << whole.size() << " bytes");
    CHECK(unnoticed == 0);
    overwrite(newest / name, whole);
  }
  CHECK(newest_checkpoint(spec.checkpoint_folder, run)->step == 30);
}

}  // namespace
}  // namespace helip::train
