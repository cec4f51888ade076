#include "store/tensor_view.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "store/half.h"

using namespace helip::store;

namespace {

template <typename Number>
TensorView view_of(const char* dtype, const std::vector<Number>& values) {
  return {.dtype = dtype, .shape = {values.size()}, .data = std::as_bytes(std::span(values))};
}

// The nearest bfloat16, ties to the even mantissa, by trying both neighbours in double.
std::uint16_t nearest_bfloat16(float value) {
  const auto down = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
  const auto up = static_cast<std::uint16_t>(down + 1);
  const double below = std::fabs(double{value} - double{bfloat16_to_float(down)});
  // The neighbour of the largest number stands for twice its exponent, not for infinity.
  const double step = std::fabs(double{bfloat16_to_float(down)} -
                                double{bfloat16_to_float(static_cast<std::uint16_t>(down ^ 1U))});
  const double above = std::isinf(bfloat16_to_float(up))
                           ? step - below
                           : std::fabs(double{bfloat16_to_float(up)} - double{value});
  if (below != above) return below < above ? down : up;
  return (down & 1U) == 0 ? down : up;
}

}  // namespace

TEST_CASE("every bfloat16 converts to float and back") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto brain = static_cast<std::uint16_t>(bits);
    const float value = bfloat16_to_float(brain);
    if (std::isnan(value)) {
      CHECK(std::isnan(bfloat16_to_float(float_to_bfloat16(value))));
    } else if (float_to_bfloat16(value) != brain) {
      FAIL("bfloat16 " << bits << " came back as " << float_to_bfloat16(value));
    }
  }
}

TEST_CASE("floats become the nearest bfloat16, ties to even") {
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    const auto value = std::bit_cast<float>(i * 21'474U);
    if (!std::isfinite(value)) continue;
    INFO(value);
    REQUIRE(float_to_bfloat16(value) == nearest_bfloat16(value));
  }
  CHECK(float_to_bfloat16(1.0F + 0x1p-8F) == 0x3F80);      // tie, down to even
  CHECK(float_to_bfloat16(1.0F + 3 * 0x1p-8F) == 0x3F82);  // tie, up to even
  CHECK(std::isinf(bfloat16_to_float(float_to_bfloat16(std::numeric_limits<float>::max()))));
  // A NaN whose mantissa lies in the lower half alone.
  CHECK(std::isnan(bfloat16_to_float(float_to_bfloat16(std::bit_cast<float>(0x7F800001U)))));
}

TEST_CASE("values are read as float32 from every floating dtype, also where they are not aligned") {
  const std::vector<float> values = {1.0F, -2.5F, 0x1p-20F, 65504.0F};
  std::vector<std::uint16_t> halves;
  std::vector<std::uint16_t> brains;
  std::vector<double> doubles;
  for (const float value : values) {
    halves.push_back(float_to_half(value));
    brains.push_back(float_to_bfloat16(value));
    doubles.push_back(double{value} * (1 + 0x1p-40));
  }
  const auto read = [](const TensorView& view) {
    std::vector<float> out(view.shape[0]);
    read_floats(view, out);
    return out;
  };
  CHECK(read(view_of("F32", values)) == values);
  CHECK(read(view_of("F16", halves)) == values);
  CHECK(read(view_of("F64", doubles)) == values);
  CHECK(read(view_of("BF16", brains))[1] == -2.5F);

  std::vector<std::byte> shifted(values.size() * sizeof(float) + 1);
  std::memcpy(shifted.data() + 1, values.data(), values.size() * sizeof(float));
  CHECK(read({.dtype = "F32", .shape = {4}, .data = std::span(shifted).subspan(1)}) == values);
}

TEST_CASE("conversion rounds once, and keeps the bytes of its own dtype") {
  const std::vector<std::uint32_t> bits = {0x3F800000, 0x7FC01234, 0x80000000, 0x00000001};
  const TensorView view{.dtype = "F32", .shape = {4}, .data = std::as_bytes(std::span(bits))};
  const auto same = convert_floats(view, "F32");
  CHECK(std::memcmp(same.data(), bits.data(), same.size()) == 0);
  const std::vector<float> values = {1.0F + 0x1p-9F, 3.14159F};
  for (const char* dtype : {"F16", "BF16"}) {
    const auto narrow = convert_floats(view_of("F32", values), dtype);
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint16_t found = 0;
      std::memcpy(&found, narrow.data() + 2 * i, sizeof found);
      CHECK(found == (dtype == std::string("F16") ? float_to_half(values[i])
                                                  : float_to_bfloat16(values[i])));
    }
  }
  const std::vector<std::uint16_t> halves = {float_to_half(0.1F)};
  const auto wide = convert_floats(view_of("F16", halves), "F32");
  float value = 0;
  std::memcpy(&value, wide.data(), sizeof value);
  CHECK(value == half_to_float(halves[0]));
}

TEST_CASE("the largest magnitude of any floating dtype is found wherever it lies") {
  // More values than one block that is read at once.
  for (const std::size_t at : {0, 4095, 4096, 9999}) {
    std::vector<float> values(10'000, 0.5F);
    values[at] = -70'000;
    CHECK(largest_magnitude(view_of("F32", values)) == 70'000);
    const auto halves = convert_floats(view_of("F32", values), "F16");
    CHECK(std::isinf(largest_magnitude({.dtype = "F16", .data = halves})));
    const auto brains = convert_floats(view_of("F32", values), "BF16");
    CHECK(largest_magnitude({.dtype = "BF16", .data = brains}) ==
          bfloat16_to_float(float_to_bfloat16(70'000)));
    values[at] = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(largest_magnitude(view_of("F32", values))));
  }
  CHECK(std::isinf(largest_magnitude(view_of("F64", std::vector<double>{1, -1e39}))));
  CHECK(largest_magnitude(view_of("F32", std::vector<float>{})) == 0);
}
