// The id of a pair.
#pragma once

#include <cstdint>

namespace helip {

// The position of a pair in one corpus manifest, which the manifest's fingerprint identifies.
enum class SampleId : std::uint64_t {};

constexpr std::uint64_t to_index(SampleId id) { return static_cast<std::uint64_t>(id); }

// The value of an empty slot in a hard-pair table. It is no pair's id, since a corpus has fewer
// than 2^32-1 pairs.
inline constexpr std::uint32_t kNoPair = 0xFFFFFFFFU;

}  // namespace helip
