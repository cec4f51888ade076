// Rows of bytes beside each other, so that what is done to one is done to 16 at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace helip::data {

inline constexpr std::size_t kLanes = 16;

// rows, `row_bytes` apart, [lanes, length] → columns [length, kLanes]. The lanes that are not there
// keep what they hold.
void to_columns(const std::uint8_t* rows, std::ptrdiff_t row_bytes, std::size_t lanes,
                std::size_t length, std::uint8_t* columns);

// columns [length, kLanes] → rows [lanes, length].
void to_rows(const std::uint8_t* columns, std::size_t lanes, std::size_t length,
             std::uint8_t* rows);

}  // namespace helip::data
