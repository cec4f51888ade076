#include <numeric>
#include <vector>

#include "common/publish.h"
#include "common/text.h"
#include "store/npy.h"
#include "train/small_job.h"

namespace helip::test {
namespace {

void write_groups(const std::filesystem::path& file, std::size_t member, std::uint32_t group) {
  std::vector<std::uint32_t> groups(kPairs);
  std::iota(groups.begin(), groups.end(), 0U);
  groups[member] = group;
  store::NpyWriter writer(file, store::DType::kU32, {kPairs});
  writer.write_values(std::span<const std::uint32_t>(groups));
  writer.publish();
}

}  // namespace

std::filesystem::path make_small_corpus(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_groups(folder / "image_group.npy", 1, 0);
  write_groups(folder / "caption_group.npy", 3, 2);
  publish_file(folder / "manifest.json",
               cat(R"({"pairs": )", kPairs, R"(, "fingerprint": "small"})"));
  return folder;
}

}  // namespace helip::test
