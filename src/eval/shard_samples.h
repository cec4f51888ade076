// The samples of one tar of an evaluation data set, and the rules for them. Used by the evaluation,
// which reads the contents, and by the check before it, which reads headers and small members.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/corpus/tar_reader.h"
#include "data/corpus/webdataset.h"

namespace helip::eval {

// Bytes of the largest .cls and .txt member that a sample may have.
inline constexpr std::uint64_t kLongestLabel = 1024;
inline constexpr std::uint64_t kLongestCaptions = 1 << 20;

// Gathers the members of one tar into samples. Throws DataError naming the member or the sample
// that breaks a rule.
class SampleRules {
 public:
  explicit SampleRules(const std::filesystem::path& shard) : shard_(shard.string()) {}

  // Returns true if the member, named `name`, begins the next sample: it has another key, or an
  // extension that the sample has already.
  [[nodiscard]] bool begins_sample(const data::MemberName& name) const;
  // Adds a member to the sample. Throws if it is a link in place of an image, label or captions, a
  // second or empty image, or a label or captions of more bytes than a sample may have. Ignores
  // other links.
  void add(const data::TarMember& member, const data::MemberName& name);
  // Counts a file that has no extension, and so is part of no sample. Does not count hidden files
  // and WebDataset's __NAME__ members.
  void pass_over(const data::TarMember& member);
  // Logs a warning of the files that pass_over has counted, if there are any.
  void warn_of_passed() const;
  // Ends the sample. Throws if it has no image.
  void close();

  [[nodiscard]] bool is_open() const { return !extensions_.empty(); }
  [[nodiscard]] const std::string& key() const { return key_; }
  // Returns "SHARD: NAME" for messages; `name` is a member's name or a sample's key.
  [[nodiscard]] std::string place_of(const std::string& name) const;

 private:
  std::string shard_;
  std::string key_;
  std::vector<std::string> extensions_;
  bool has_image_ = false;
  std::uint64_t passed_ = 0;
  std::string first_passed_;
};

// Logs a warning of a tar without an end mark, which may be whole or cut off between two members.
void warn_of_end(const std::filesystem::path& shard, std::uint64_t samples);

// Reads at most `budget` members with `reader` (data::TarReader or data::TarHeaders) and lowers
// `budget` by their number. Calls take(where, name, member) for each part of a sample, and
// close(key) after the last part; does not close a sample that the budget cuts off.
template <typename Reader, typename Take, typename Close>
void read_samples(Reader& reader, const std::filesystem::path& shard, std::uint64_t& budget,
                  const Take& take, const Close& close) {
  SampleRules rules(shard);
  const auto end_sample = [&] {
    if (!rules.is_open()) return;
    rules.close();
    close(rules.key());
  };
  for (; budget > 0; --budget) {
    const auto member = reader.next();
    if (!member) {
      end_sample();
      rules.warn_of_passed();
      return;
    }
    const auto name = data::split_member_name(member->name);
    if (!name) rules.pass_over(*member);
    if (!name || !(member->is_file || member->is_link)) continue;
    if (rules.begins_sample(*name)) end_sample();
    rules.add(*member, *name);
    if (member->is_file) take(rules.place_of(member->name), *name, *member);
  }
}

}  // namespace helip::eval
