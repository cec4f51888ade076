// Strong ids.
#pragma once

#include <cstdint>

namespace helip {

// Position of a pair in one corpus manifest; the manifest has a fingerprint.
enum class SampleId : std::uint64_t {};

constexpr std::uint64_t to_index(SampleId id) { return static_cast<std::uint64_t>(id); }

// An empty slot of a hard-pair table; a corpus has fewer than 2^32 - 1 pairs.
inline constexpr std::uint32_t kNoPair = 0xFFFFFFFFU;

}  // namespace helip
