// Duplicate groups: samples with equal group numbers are duplicates. Groups are numbered in the
// order of their first member.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace helip::data {

// A sha256. All zeros stand for a sample without a usable caption: each such sample is a group of
// its own.
using Digest = std::array<std::uint8_t, 32>;

// Converts 64 hexadecimal digits in lower case, which are not checked.
Digest digest_from_hex(std::string_view hex);

// Returns the group number of each digest, [N].
std::vector<std::uint32_t> number_groups(std::span<const Digest> digests);

// Writes the group numbers to `file` as uint32 [N]. Returns the file's sha256. Throws StoreError if
// the file cannot be written.
std::string write_groups(const std::filesystem::path& file,
                         const std::vector<std::uint32_t>& groups);

}  // namespace helip::data
