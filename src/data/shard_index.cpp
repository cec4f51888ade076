#include "data/shard_index.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "data/caption.h"
#include "data/tar_reader.h"
#include "data/tokenizer.h"
#include "data/webdataset.h"

namespace helip::data {
namespace {

struct Part {
  TarMember member;
  std::string image_sha256;        // of images
  std::vector<std::byte> content;  // of captions; one byte more than allowed if too large
};

// The members of the sample that is being read.
struct OpenSample {
  std::string key;
  std::uint64_t offset = 0;  // of its first member's header
  std::vector<std::string> extensions;
  std::array<std::optional<Part>, kImageExtensions.size()> images;
  std::optional<Part> text;
  std::optional<Part> json;
  bool has_link = false;  // in the place of an image or a caption
};

class ShardIndexer {
 public:
  ShardIndexer(const std::filesystem::path& shard, const std::string& caption_key,
               std::uint64_t most_before_first)
      : reader_(shard),
        shard_(shard.filename().string()),
        caption_key_(caption_key),
        most_before_first_(most_before_first) {}

  ShardIndex run() {
    try {
      bool any = false;
      while (const auto member = reader_.next()) {
        any = true;
        add(*member);
        if (!index_.has_usable && index_.before_first >= most_before_first_)
          return std::move(index_);
      }
      close_sample();
      if (!any) report(0, {}, "the shard is empty; no tar member");
    } catch (const DamagedTar& damage) {
      const std::uint64_t lost = reader_.skip_rest(damage);
      // A sample that the damage cuts in two is part of what is lost.
      const bool whole = has_image() && (sample_.text || sample_.json);
      const std::string key = whole ? std::string() : sample_.key;
      if (whole) close_sample();
      report(damage.offset(), key,
             cat("the rest of the shard is damaged; ", lost, " bytes are lost: ", damage.reason()));
      index_.damaged_end = DamagedEnd{.is_cut = damage.is_cut(),
                                      .lost_bytes = lost,
                                      .read_bytes = damage.offset(),
                                      .read_samples = index_.groups};
    }
    index_.bytes = reader_.file_bytes();
    index_.sha256 = reader_.sha256();
    return std::move(index_);
  }

 private:
  void add(const TarMember& member) {
    const auto name = split_member_name(member.name);
    if (!name) return;
    if (!member.is_file && !member.is_link) return;
    const bool repeated = std::find(sample_.extensions.begin(), sample_.extensions.end(),
                                    name->extension) != sample_.extensions.end();
    if (name->key != sample_.key || repeated) {
      close_sample();
      sample_.key = name->key;
      sample_.offset = member.header_offset;
    }
    sample_.extensions.push_back(name->extension);
    const auto image = image_extension_index(name->extension);
    if (member.is_link) {
      if (image || name->extension == "txt" || name->extension == "json") {
        sample_.has_link = true;
      }
    } else if (image) {
      Sha256 digest;
      reader_.read([&](std::span<const std::byte> bytes) { digest.update(bytes); });
      sample_.images.at(*image) = Part{member, digest.hex(), {}};
    } else if (name->extension == "txt") {
      sample_.text = Part{member, {}, caption_bytes()};
    } else if (name->extension == "json") {
      sample_.json = Part{member, {}, caption_bytes()};
    }
  }

  std::vector<std::byte> caption_bytes() {
    std::vector<std::byte> content;
    reader_.read([&](std::span<const std::byte> bytes) {
      const std::size_t room = kMaxCaptionBytes + 1 - content.size();
      const auto kept = bytes.first(std::min(room, bytes.size()));
      content.insert(content.end(), kept.begin(), kept.end());
    });
    return content;
  }

  [[nodiscard]] bool has_image() const {
    return std::any_of(sample_.images.begin(), sample_.images.end(),
                       [](const auto& image) { return image.has_value(); });
  }

  // What a sample that is no usable pair holds, until the first that is one.
  void note_missing(const OpenSample& sample) {
    constexpr std::size_t kMostNamed = 40;
    ++index_.before_first;
    const auto note = [&](std::string name) {
      if (index_.seen.size() < kMostNamed) index_.seen.insert(std::move(name));
    };
    for (const std::string& extension : sample.extensions) note("." + extension);
    if (sample.has_link) note("links");
    if (!sample.json) return;
    for (const std::string& field : json_fields(sample.json->content)) note("json field " + field);
  }

  void note_repeated(const OpenSample& sample) {
    ++index_.repeated_keys;
    report(sample.offset, sample.key, kRepeatedKey);
    index_.unpaired.back().samples = 0;
  }

  void close_sample() {
    const OpenSample sample = std::exchange(sample_, {});
    if (sample.extensions.empty()) return;
    ++index_.groups;
    if (!keys_.insert(sample.key).second) note_repeated(sample);
    add_sample(sample);
    if (!index_.has_usable) note_missing(sample);
  }

  void add_sample(const OpenSample& sample) {
    const auto found = std::find_if(sample.images.begin(), sample.images.end(),
                                    [](const auto& i) { return i.has_value(); });
    const bool is_json = !sample.text && sample.json;
    const std::optional<Part>& caption = is_json ? sample.json : sample.text;
    if (sample.has_link && (found == sample.images.end() || !caption)) {
      report(sample.offset, sample.key, kLink);
      return;
    }
    if (found == sample.images.end()) {
      report(sample.offset, sample.key,
             caption ? "a caption without an image" : "neither an image nor a caption");
      return;
    }
    const Part& image = **found;
    if (!caption) {
      report(sample.offset, sample.key, "an image without a caption");
      return;
    }
    const Caption text = is_json ? caption_of_json(caption->content, caption_key_)
                                 : caption_of_text(caption->content);
    index_.json_captions += is_json ? 1 : 0;
    index_.samples.push_back({.shard = 0,
                              .sample_offset = sample.offset,
                              .image_offset = image.member.data_offset,
                              .image_bytes = image.member.size,
                              .caption_offset = caption->member.data_offset,
                              .caption_bytes = caption->member.size,
                              .extension = static_cast<std::uint8_t>(found - sample.images.begin()),
                              .json_caption = is_json,
                              .header_bytes = static_cast<std::uint32_t>(
                                  image.member.data_offset - image.member.header_offset)});
    index_.image_digests.push_back(digest_from_hex(image.image_sha256));
    index_.has_usable = index_.has_usable || text.problem.empty();
    if (!index_.has_usable) index_.caption_problems.insert(split_reason(text.problem).kind);
    index_.caption_digests.push_back(
        text.problem.empty()
            ? digest_from_hex(sha256_hex(std::string_view(data::caption_key(text.text))))
            : Digest{});
  }

  void report(std::uint64_t offset, const std::string& key, const std::string& reason) {
    index_.unpaired.push_back(
        {.sample = 0, .shard = shard_, .offset = offset, .key = key, .reason = reason});
  }

  TarReader reader_;
  std::string shard_;
  std::string caption_key_;
  OpenSample sample_;
  std::unordered_set<std::string> keys_;
  std::uint64_t most_before_first_;
  ShardIndex index_;
};

}  // namespace

ShardIndex index_shard(const std::filesystem::path& shard, const std::string& caption_key,
                       std::uint64_t most_before_first) {
  return ShardIndexer(shard, caption_key, most_before_first).run();
}

}  // namespace helip::data
