#include "common/rng.h"

#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>
#include <unordered_map>

namespace helip {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53U;
constexpr std::uint32_t kMultiplier1 = 0xCD9E8D57U;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9U;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85U;
constexpr int kRounds = 10;

constexpr std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}

class Fnv1a {
 public:
  void add(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001B3ULL; }
  void add(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) add(static_cast<unsigned char>(value >> shift));
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = static_cast<std::uint64_t>(kMultiplier0) * counter[0];
    const std::uint64_t product1 = static_cast<std::uint64_t>(kMultiplier1) * counter[2];
    counter = {high(product1) ^ counter[1] ^ key[0], low(product1),
               high(product0) ^ counter[3] ^ key[1], low(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose,
                           std::initializer_list<std::uint64_t> coordinates)
    : seed_(seed) {
  Fnv1a hash;
  for (const char c : purpose) hash.add(static_cast<unsigned char>(c));
  for (const std::uint64_t coordinate : coordinates) hash.add(coordinate);
  lane_ = hash.value();
}

std::uint32_t RandomStream::next_u32() {
  if (used_ == 4) {
    buffer_ =
        philox4x32({low(block_), high(block_), low(lane_), high(lane_)}, {low(seed_), high(seed_)});
    ++block_;
    used_ = 0;
  }
  return buffer_.at(static_cast<std::size_t>(used_++));
}

std::uint64_t RandomStream::next_u64() {
  const std::uint64_t first = next_u32();
  return first | (static_cast<std::uint64_t>(next_u32()) << 32);
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  assert(bound > 0);
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next_u64()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) {
      product = static_cast<Wide>(next_u64()) * bound;
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double RandomStream::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::vector<std::uint32_t> random_permutation(RandomStream& stream, std::uint32_t count) {
  std::vector<std::uint32_t> values(count);
  std::iota(values.begin(), values.end(), 0U);
  for (std::uint32_t last = count; last > 1; --last) {
    std::swap(values[last - 1], values[stream.below(last)]);
  }
  return values;
}

std::vector<std::uint32_t> sample_without_replacement(RandomStream& stream, std::uint32_t bound,
                                                      std::uint32_t count) {
  assert(count <= bound);
  // The first `count` steps of a Fisher-Yates shuffle of 0 … bound-1, holding only the values that
  // moved.
  std::unordered_map<std::uint32_t, std::uint32_t> moved;
  const auto at = [&](std::uint32_t i) {
    const auto found = moved.find(i);
    return found == moved.end() ? i : found->second;
  };
  std::vector<std::uint32_t> drawn(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto j = static_cast<std::uint32_t>(i + stream.below(bound - i));
    drawn[i] = at(j);
    moved[j] = at(i);
  }
  return drawn;
}

}  // namespace helip
