// Duplicate groups: equal numbers are duplicates. Groups are numbered in the order of their first
// member.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace helip::data {

// A sha256. All zeros: equal to nothing, not even to another of them (a sample without a usable
// caption).
using Digest = std::array<std::uint8_t, 32>;

Digest digest_from_hex(std::string_view hex);

std::vector<std::uint32_t> number_groups(std::span<const Digest> digests);

// uint32 [N]; returns the file's sha256.
std::string write_groups(const std::filesystem::path& file,
                         const std::vector<std::uint32_t>& groups);

}  // namespace helip::data
