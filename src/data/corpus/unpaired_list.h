// The list of what in a shard is no pair, in the order in which it is met, each sample once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/corpus/quarantine.h"

namespace helip::data {

// Reasons that several places or tests name. What follows a ';' is particular to a sample.
inline constexpr const char* kLink = "its image or caption is a link, and links are not followed";
inline constexpr const char* kApart =
    "its image and its caption do not follow each other: make the tar with --sort=name";
inline constexpr const char* kDottedKey =
    "a key that holds dots, of which WebDataset ends a key at the first";
inline constexpr const char* kCutAtMember =
    "the tar has no end mark and fewer samples than the counts beside it say";
inline constexpr const char* kOddMember = "a member of it cannot be used";
inline constexpr const char* kUnreadImage = "an image of a format that is not read";
// Reasons of notes: an entry with one of them counts 0 samples.
inline constexpr const char* kRepeatedKey =
    "the key of an earlier sample of the shard; both are kept";
inline constexpr const char* kSecondImage = "a second image of a sample, which is not used";
inline constexpr const char* kOddBeside = "a member that cannot be used, beside the samples";
inline constexpr const char* kUnnamedImage =
    "an image without an image's extension, which is passed over";
inline constexpr const char* kNoEndMark = "the tar has no end mark; what is in it is used";
inline constexpr const char* kJunk = "bytes behind the tar's end mark; no member is among them";

// The parts of one sample, as the names of members with a dotted key show them.
struct DottedParts {
  bool has_image = false;
  bool has_caption = false;
};
// Samples by the part of their keys behind the first dot.
using DottedSamples = std::map<std::string, DottedParts>;

class UnpairedList {
 public:
  explicit UnpairedList(std::string shard) : shard_(std::move(shard)) {}

  void add(std::uint64_t offset, const std::string& key, const std::string& reason,
           std::uint64_t samples = 1);

  // Adds half a sample: an image alone or a caption alone. If the other half of that key was added
  // before, changes the reason of its entry to kApart and returns false: then that entry stands for
  // both.
  bool add_half(std::uint64_t offset, const std::string& key, bool is_image,
                const std::string& reason);

  // Adds one entry for the samples whose keys were cut to `key`; `example` is the name of a member.
  // Two halves of one sample count once. A half alone does not count if `is_sample`: the key has an
  // image or a caption of its own, to which the half may belong. Returns how many samples are lost.
  std::uint64_t add_dotted(std::uint64_t offset, const std::string& key,
                           const DottedSamples& samples, bool is_sample,
                           const std::string& example);

  // Returns the number of samples of which both halves were added.
  [[nodiscard]] std::uint64_t apart() const { return apart_; }
  // Returns the number of halves whose other half was not added.
  [[nodiscard]] std::uint64_t halves() const { return halves_.size(); }
  // Moves the entries out of the list.
  std::vector<QuarantineEntry> take() { return std::move(entries_); }

 private:
  struct Half {
    std::size_t entry = 0;
    bool is_image = false;
  };
  // Removes the other half of `key` and returns its entry in `entry`. Returns false if there is
  // none.
  bool join(const std::string& key, bool is_image, std::size_t& entry);

  std::string shard_;
  std::vector<QuarantineEntry> entries_;
  std::unordered_map<std::string, Half> halves_;
  std::uint64_t apart_ = 0;
};

}  // namespace helip::data
