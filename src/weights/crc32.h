// Computes the check sum of zip archives (IEEE 802.3, reflected).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace helip::weights {

// Returns the CRC-32 of the bytes.
std::uint32_t crc32(std::span<const std::byte> bytes);

}  // namespace helip::weights
