// Enums for the keys that take one of a few names, each with one table of its names. Parsing,
// messages, to_yaml and the documents use the tables; other code compares enumerators.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace helip::config {

enum class EncoderSource : std::uint8_t { kModel, kTowers, kNpy };
enum class MiningMethod : std::uint8_t { kExact, kFast, kIndex };
enum class Metric : std::uint8_t { kProduct, kImage, kText };
enum class IndexWay : std::uint8_t { kAuto, kLists, kShort };
enum class InstructionSet : std::uint8_t { kAuto, kAmx, kAvx512Vnni, kAvx2, kPortable };
enum class HardPairs : std::uint8_t { kMined, kRandom, kNone };
enum class SamplingStrategy : std::uint8_t { kRandom, kTop };
enum class LrScheduler : std::uint8_t { kCosine, kConst, kConstCooldown };
// kFp64 has no name in a configuration: only code asks for it, to check the mathematics.
enum class PrecisionMode : std::uint8_t { kFp32, kAmpBf16, kAmp, kFp64 };
enum class MarginDirection : std::uint8_t { kImage, kBoth };
enum class SslImages : std::uint8_t { kSeeds, kAll };
enum class EvalTask : std::uint8_t { kZeroShot, kRetrieval, kLinearProbe };
// Whether an image is a right answer for a caption that equals one of its own, or only for its own.
enum class EqualCaptions : std::uint8_t { kHits, kStrict };
// How a linear probe is trained: L-BFGS as in the CLIP paper, or clip_benchmark's AdamW.
enum class ProbeMethod : std::uint8_t { kLbfgs, kClipBenchmark };
enum class LauncherKind : std::uint8_t { kMpirun, kNone };
enum class DeviceChoice : std::uint8_t { kAuto, kCpu, kCuda };

template <typename Enum>
struct Named {
  Enum value;
  std::string_view name;
};

// Specialised for each enum: kAll lists the values in the order in which messages name them.
template <typename Enum>
struct Choices;

template <>
struct Choices<EncoderSource> {
  static constexpr auto kAll =
      std::to_array<Named<EncoderSource>>({{EncoderSource::kModel, "model"},
                                           {EncoderSource::kTowers, "towers"},
                                           {EncoderSource::kNpy, "npy"}});
};

template <>
struct Choices<MiningMethod> {
  static constexpr auto kAll =
      std::to_array<Named<MiningMethod>>({{MiningMethod::kExact, "exact"},
                                          {MiningMethod::kFast, "fast"},
                                          {MiningMethod::kIndex, "index"}});
};

template <>
struct Choices<Metric> {
  static constexpr auto kAll = std::to_array<Named<Metric>>(
      {{Metric::kProduct, "product"}, {Metric::kImage, "image"}, {Metric::kText, "text"}});
};

template <>
struct Choices<IndexWay> {
  static constexpr auto kAll = std::to_array<Named<IndexWay>>(
      {{IndexWay::kAuto, "auto"}, {IndexWay::kLists, "lists"}, {IndexWay::kShort, "short"}});
};

template <>
struct Choices<InstructionSet> {
  static constexpr auto kAll =
      std::to_array<Named<InstructionSet>>({{InstructionSet::kAuto, "auto"},
                                            {InstructionSet::kAmx, "amx"},
                                            {InstructionSet::kAvx512Vnni, "avx512vnni"},
                                            {InstructionSet::kAvx2, "avx2"},
                                            {InstructionSet::kPortable, "portable"}});
};

template <>
struct Choices<HardPairs> {
  static constexpr auto kAll = std::to_array<Named<HardPairs>>(
      {{HardPairs::kMined, "mined"}, {HardPairs::kRandom, "random"}, {HardPairs::kNone, "none"}});
};

template <>
struct Choices<SamplingStrategy> {
  static constexpr auto kAll = std::to_array<Named<SamplingStrategy>>(
      {{SamplingStrategy::kRandom, "random"}, {SamplingStrategy::kTop, "top"}});
};

template <>
struct Choices<LrScheduler> {
  static constexpr auto kAll =
      std::to_array<Named<LrScheduler>>({{LrScheduler::kCosine, "cosine"},
                                         {LrScheduler::kConst, "const"},
                                         {LrScheduler::kConstCooldown, "const-cooldown"}});
};

template <>
struct Choices<PrecisionMode> {
  static constexpr auto kAll =
      std::to_array<Named<PrecisionMode>>({{PrecisionMode::kFp32, "fp32"},
                                           {PrecisionMode::kAmpBf16, "amp_bf16"},
                                           {PrecisionMode::kAmp, "amp"}});
};

template <>
struct Choices<MarginDirection> {
  static constexpr auto kAll = std::to_array<Named<MarginDirection>>(
      {{MarginDirection::kImage, "image"}, {MarginDirection::kBoth, "both"}});
};

template <>
struct Choices<SslImages> {
  static constexpr auto kAll =
      std::to_array<Named<SslImages>>({{SslImages::kSeeds, "seeds"}, {SslImages::kAll, "all"}});
};

template <>
struct Choices<EvalTask> {
  static constexpr auto kAll =
      std::to_array<Named<EvalTask>>({{EvalTask::kZeroShot, "zero_shot"},
                                      {EvalTask::kRetrieval, "retrieval"},
                                      {EvalTask::kLinearProbe, "linear_probe"}});
};

template <>
struct Choices<EqualCaptions> {
  static constexpr auto kAll = std::to_array<Named<EqualCaptions>>(
      {{EqualCaptions::kHits, "hits"}, {EqualCaptions::kStrict, "strict"}});
};

template <>
struct Choices<ProbeMethod> {
  static constexpr auto kAll = std::to_array<Named<ProbeMethod>>(
      {{ProbeMethod::kLbfgs, "lbfgs"}, {ProbeMethod::kClipBenchmark, "clip_benchmark"}});
};

template <>
struct Choices<LauncherKind> {
  static constexpr auto kAll = std::to_array<Named<LauncherKind>>(
      {{LauncherKind::kMpirun, "mpirun"}, {LauncherKind::kNone, "none"}});
};

template <>
struct Choices<DeviceChoice> {
  static constexpr auto kAll = std::to_array<Named<DeviceChoice>>(
      {{DeviceChoice::kAuto, "auto"}, {DeviceChoice::kCpu, "cpu"}, {DeviceChoice::kCuda, "cuda"}});
};

template <typename T>
concept Choice = requires {
  Choices<T>::kAll;
};

// Returns the name of a value, or "unnamed" for a value that no configuration can hold.
template <Choice Enum>
constexpr std::string_view name_of(Enum value) {
  for (const Named<Enum>& each : Choices<Enum>::kAll) {
    if (each.value == value) return each.name;
  }
  return "unnamed";
}

// Returns the value that is called `name`, or nothing.
template <Choice Enum>
constexpr std::optional<Enum> choice_named(std::string_view name) {
  for (const Named<Enum>& each : Choices<Enum>::kAll) {
    if (each.name == name) return each.value;
  }
  return std::nullopt;
}

// Returns all names in the order of the table: "exact, fast, index".
template <Choice Enum>
std::string all_names() {
  std::string names;
  for (const Named<Enum>& each : Choices<Enum>::kAll) {
    names += (names.empty() ? "" : ", ") + std::string(each.name);
  }
  return names;
}

// Writes the name of the value.
template <Choice Enum>
std::ostream& operator<<(std::ostream& out, Enum value) {
  return out << name_of(value);
}

}  // namespace helip::config
