// Transposes rows of bytes, so that one vector instruction works on the same byte of 16 rows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace helip::data {

inline constexpr std::size_t kLanes = 16;

// Copies rows [lanes, length], `row_bytes` apart, into columns [length, kLanes]. With fewer than
// kLanes rows, the other lanes of `columns` keep what they hold.
void to_columns(const std::uint8_t* rows, std::ptrdiff_t row_bytes, std::size_t lanes,
                std::size_t length, std::uint8_t* columns);

// Copies columns [length, kLanes] into rows [lanes, length].
void to_rows(const std::uint8_t* columns, std::size_t lanes, std::size_t length,
             std::uint8_t* rows);

}  // namespace helip::data
