#include "data/corpus/lost_samples.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>
#include <string>

#include "common/ids.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "data/text/json_object.h"

namespace helip::data {
namespace {

// A number of samples that a corpus can have.
std::optional<std::uint64_t> count_in(const std::filesystem::path& file, const std::string& key) {
  if (!is_file(file)) return std::nullopt;
  const std::string text = read_text_file(file);
  const JsonObject json = read_json_object(std::as_bytes(std::span(text)));
  const JsonField* count = json.find(key);
  if (count == nullptr || count->kind != JsonKind::kNumber) return std::nullopt;
  std::uint64_t samples = 0;
  const char* end = count->text.data() + count->text.size();
  const auto [stop, error] = std::from_chars(count->text.data(), end, samples);
  if (error != std::errc() || stop != end) return std::nullopt;
  return samples < kNoPair ? std::optional(samples) : std::nullopt;
}

std::uint64_t rounded(double samples) { return static_cast<std::uint64_t>(std::llround(samples)); }

std::uint64_t estimate(const DamagedEnd& end, const WholeShards& whole) {
  if (end.is_cut && whole.shards > 0) {
    const double mean = static_cast<double>(whole.samples) / static_cast<double>(whole.shards);
    const std::uint64_t full = rounded(mean);
    return full - std::min(full, end.read_samples);
  }
  const std::uint64_t samples = whole.samples + end.read_samples;
  if (!end.is_cut && samples > 0) {
    const double mean =
        static_cast<double>(whole.bytes + end.read_bytes) / static_cast<double>(samples);
    return rounded(static_cast<double>(end.lost_bytes) / mean);
  }
  return end.read_samples;
}

}  // namespace

std::optional<std::uint64_t> known_samples(const std::filesystem::path& shard) {
  const auto folder = shard.parent_path();
  const auto known = count_in(folder / "sizes.json", shard.filename().string());
  return known ? known : count_in(folder / (shard.stem().string() + "_stats.json"), "successes");
}

LostSamples lost_samples(const DamagedEnd& end, std::optional<std::uint64_t> known,
                         const WholeShards& whole) {
  const std::uint64_t lost =
      known ? *known - std::min(*known, end.read_samples) : estimate(end, whole);
  return {.samples = std::max<std::uint64_t>(lost, 1), .is_known = known.has_value()};
}

}  // namespace helip::data
