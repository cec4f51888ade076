#include "data/corpus/duplicate_groups.h"

#include <algorithm>
#include <numeric>

#include "common/digest.h"
#include "common/ids.h"
#include "store/npy.h"

namespace helip::data {

Digest digest_from_hex(std::string_view hex) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(value(hex[2 * i]) << 4 | value(hex[2 * i + 1]));
  }
  return digest;
}

std::vector<std::uint32_t> number_groups(std::span<const Digest> digests) {
  std::vector<std::uint32_t> order(digests.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return digests[a] != digests[b] ? digests[a] < digests[b] : a < b;
  });
  // The first member of each sample's group; then groups get their numbers as their first members
  // appear.
  std::vector<std::uint32_t> first(digests.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Digest& digest = digests[order[i]];
    const bool alone = i == 0 || digest == Digest{} || digests[order[i - 1]] != digest;
    first[order[i]] = alone ? order[i] : first[order[i - 1]];
  }
  std::vector<std::uint32_t> groups(digests.size());
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i] = first[i] == i ? count++ : groups[first[i]];
  return groups;
}

std::string write_groups(const std::filesystem::path& file,
                         const std::vector<std::uint32_t>& groups) {
  store::NpyWriter writer(file, store::DType::kU32, {groups.size()});
  writer.write_values(std::span<const std::uint32_t>(groups));
  writer.publish();
  return sha256_file(file);
}

}  // namespace helip::data
