#include "data/corpus/shard_index.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/hidden.h"
#include "common/text.h"
#include "data/corpus/file_kind.h"
#include "data/corpus/tar_reader.h"
#include "data/corpus/webdataset.h"
#include "data/text/caption.h"
#include "data/text/clean_text.h"
#include "data/tokens/tokenizer.h"

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
  bool has_link = false;  // its image or caption is a link
  std::string odd;        // the problem of a member that cannot be used
  std::string unread;     // extension of an image in a format that is not read
  DottedSamples dotted;
  std::string dotted_name;  // of the first member with a dotted key
};

// Members of one kind that are named once, by the first.
struct Several {
  std::uint64_t count = 0;
  std::uint64_t offset = 0;
  std::string key;
  void add(std::uint64_t at, const std::string& name) {
    if (count++ > 0) return;
    offset = at;
    key = name;
  }
};

class ShardIndexer {
 public:
  ShardIndexer(const std::filesystem::path& shard, const std::string& caption_key,
               std::uint64_t most_before_first)
      : reader_(shard, OddMembers::kNamed),
        unpaired_(shard.filename().string()),
        caption_key_(caption_key),
        most_before_first_(most_before_first) {}

  ShardIndex run() {
    try {
      bool any = false;
      while (const auto member = reader_.next()) {
        any = true;
        add(*member);
        if (is_hopeless()) return finished();
      }
      close_sample();
      note_several();
      if (any) {
        note_ending();
      } else {
        unpaired_.add(0, {}, "the shard is empty; no tar member");
      }
    } catch (const DamagedTar& damage) {
      const std::uint64_t lost = reader_.skip_rest(damage);
      // A sample that the damage cuts in two is part of what is lost.
      const bool whole =
          (images_in(sample_) > 0 && (sample_.text || sample_.json)) || !sample_.dotted.empty();
      const std::string key = whole ? std::string() : sample_.key;
      if (whole) close_sample();
      note_several();
      if (damage.offset() == 0) index_.other_kind = reader_.kind();
      unpaired_.add(damage.offset(), key,
                    index_.other_kind ? cat("not a tar; ", index_.other_kind->name)
                                      : cat("the rest of the shard is damaged; ", lost,
                                            " bytes are lost: ", damage.reason()));
      index_.damaged_end = DamagedEnd{.is_cut = damage.is_cut(),
                                      .lost_bytes = lost,
                                      .read_bytes = damage.offset(),
                                      .read_samples = index_.groups};
    }
    index_.bytes = reader_.file_bytes();
    index_.sha256 = reader_.sha256();
    return finished();
  }

 private:
  void add(const TarMember& member) {
    const auto name = split_member_name(member.name);
    if (!member.is_file && !member.is_link && member.problem.empty()) return;
    if (!name) {
      note_odd(member.header_offset, member.name, member.problem);
      if (index_.ignored++ == 0) index_.first_ignored = member.name;
      if (!is_hidden(member.name) && begins_as_image())
        unnamed_images_.add(member.header_offset, member.name);
      return;
    }
    const bool repeated = std::find(sample_.extensions.begin(), sample_.extensions.end(),
                                    name->extension) != sample_.extensions.end();
    if (name->key != sample_.key || repeated) {
      close_sample();
      sample_.key = name->key;
      sample_.offset = member.header_offset;
    }
    sample_.extensions.push_back(name->extension);
    const MemberKind kind = member_kind(name->extension);
    const auto image = image_extension_index(name->extension);
    if (!member.problem.empty()) {
      sample_.odd = member.problem;
    } else if (kind == MemberKind::kOther) {
      add_dotted(*name, member);
    } else if (kind == MemberKind::kUnread) {
      sample_.unread = name->extension;
    } else if (member.is_link) {
      sample_.has_link = true;
    } else if (image) {
      Sha256 digest;
      reader_.read([&](std::span<const std::byte> bytes) { digest.update(bytes); });
      sample_.images.at(*image) = Part{member, digest.hex(), {}};
    } else if (kind == MemberKind::kText) {
      sample_.text = Part{member, {}, caption_bytes()};
    } else {
      sample_.json = Part{member, {}, caption_bytes()};
    }
  }

  // A mask's KEY.seg.json is no caption.
  void add_dotted(const MemberName& name, const TarMember& member) {
    const auto dotted = split_dotted_extension(name.extension);
    if (!dotted) return;
    if (sample_.dotted_name.empty()) sample_.dotted_name = member.name;
    DottedParts& parts = sample_.dotted[std::string(dotted->rest)];
    if (dotted->kind == MemberKind::kJson) {
      if (member.is_file && caption_of_json(caption_bytes(), caption_key_).problem.empty())
        parts.has_caption = true;
    } else if (dotted->kind == MemberKind::kText) {
      parts.has_caption = true;
    } else {
      parts.has_image = true;
    }
  }

  bool begins_as_image() {
    std::vector<std::byte> head;
    reader_.read([&](std::span<const std::byte> bytes) {
      const auto part = bytes.first(std::min(kFileHeadBytes - head.size(), bytes.size()));
      head.insert(head.end(), part.begin(), part.end());
    });
    return looks_like_image(head);
  }

  void note_odd(std::uint64_t offset, const std::string& key, const std::string& problem) {
    if (!problem.empty()) unpaired_.add(offset, key, cat(kOddBeside, "; ", problem), 0);
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

  [[nodiscard]] static std::ptrdiff_t images_in(const OpenSample& sample) {
    return std::count_if(sample.images.begin(), sample.images.end(),
                         [](const auto& image) { return image.has_value(); });
  }

  // False for members with dotted keys and others alone.
  [[nodiscard]] static bool is_sample(const OpenSample& sample) {
    return images_in(sample) > 0 || sample.text || sample.json || sample.has_link ||
           !sample.odd.empty() || !sample.unread.empty();
  }

  // What a sample that is no usable pair holds, until the first that is one.
  void note_missing(const OpenSample& sample) {
    constexpr std::size_t kMostNamed = 40;
    const auto note = [&](std::string name) {
      if (index_.seen.size() < kMostNamed) index_.seen.insert(std::move(name));
    };
    if (!sample.dotted_name.empty()) note(sample.dotted_name);
    for (const std::string& extension : sample.extensions) {
      if (!split_dotted_extension(extension)) note(cat(".", extension));
    }
    if (sample.has_link) note("links");
    if (!sample.json) return;
    for (const std::string& field : json_fields(sample.json->content)) note("json field " + field);
  }

  // Halves of samples alone are no reason to stop yet: their other halves may follow.
  [[nodiscard]] bool is_hopeless() const {
    return !index_.has_usable && index_.before_first >= most_before_first_ &&
           unpaired_.halves() + unpaired_.apart() < index_.groups;
  }

  ShardIndex finished() {
    index_.unpaired = unpaired_.take();
    return std::move(index_);
  }

  void note_several() {
    if (several_images_.count > 0) {
      unpaired_.add(several_images_.offset, several_images_.key,
                    cat(kSecondImage, "; in ", several_images_.count, " samples"), 0);
    }
    if (unnamed_images_.count > 0) {
      unpaired_.add(unnamed_images_.offset, unnamed_images_.key,
                    cat(kUnnamedImage, "; of ", unnamed_images_.count,
                        unnamed_images_.count == 1 ? " member" : " members, this the first"),
                    0);
    }
  }

  void note_ending() {
    if (reader_.junk_bytes() > 0) {
      unpaired_.add(reader_.file_bytes() - reader_.junk_bytes(), {},
                    cat(kJunk, "; ", reader_.junk_bytes(), " bytes"), 0);
    }
    index_.has_end_mark = reader_.has_end_mark();
    if (!index_.has_end_mark) unpaired_.add(reader_.file_bytes(), {}, kNoEndMark, 0);
  }

  void close_sample() {
    const OpenSample sample = std::exchange(sample_, {});
    if (sample.extensions.empty()) return;
    ++index_.groups;
    const bool is_known = !keys_.insert(sample.key).second;
    if (!add_sample(sample)) {
      // Counted with its other half.
      --index_.groups;
      if (!index_.has_usable) note_missing(sample);
      return;
    }
    if (is_known && is_sample(sample)) {
      ++index_.repeated_keys;
      unpaired_.add(sample.offset, sample.key, kRepeatedKey, 0);
    }
    if (index_.has_usable) return;
    ++index_.before_first;
    note_missing(sample);
  }

  // Members that a person may have meant as the missing one.
  static std::string others(const OpenSample& sample) {
    constexpr std::size_t kMostNamed = 5;
    std::string names;
    std::size_t named = 0;
    for (const std::string& extension : sample.extensions) {
      if (member_kind(extension) != MemberKind::kOther || ++named > kMostNamed) continue;
      names += cat(names.empty() ? "; with ." : ", .", extension);
    }
    return names;
  }

  // False if the sample's other half came before.
  bool add_sample(const OpenSample& sample) {
    const auto found = std::find_if(sample.images.begin(), sample.images.end(),
                                    [](const auto& i) { return i.has_value(); });
    const bool is_json = !sample.text && sample.json;
    const std::optional<Part>& caption = is_json ? sample.json : sample.text;
    const bool has_image = found != sample.images.end();
    if (!sample.dotted.empty()) {
      const std::uint64_t lost = unpaired_.add_dotted(sample.offset, sample.key, sample.dotted,
                                                      is_sample(sample), sample.dotted_name);
      index_.groups += lost;
      if (!is_sample(sample)) {
        --index_.groups;
        return true;
      }
    }
    if (!sample.odd.empty() && (!has_image || !caption)) {
      unpaired_.add(sample.offset, sample.key, cat(kOddMember, "; ", sample.odd));
      return true;
    }
    note_odd(sample.offset, sample.key, sample.odd);
    if (sample.has_link && (!has_image || !caption)) {
      unpaired_.add(sample.offset, sample.key, kLink);
      return true;
    }
    if (!has_image && !sample.unread.empty()) {
      unpaired_.add(sample.offset, sample.key, cat(kUnreadImage, "; .", sample.unread));
      return true;
    }
    if (!has_image && !caption) {
      unpaired_.add(sample.offset, sample.key, "neither an image nor a caption" + others(sample));
      return true;
    }
    if (!has_image || !caption) {
      return unpaired_.add_half(
          sample.offset, sample.key, has_image,
          (has_image ? "an image without a caption" : "a caption without an image") +
              others(sample));
    }
    if (images_in(sample) > 1 || !sample.unread.empty())
      several_images_.add(sample.offset, sample.key);
    add_pair(sample, **found, static_cast<std::uint8_t>(found - sample.images.begin()), *caption,
             is_json);
    return true;
  }

  void add_pair(const OpenSample& sample, const Part& image, std::uint8_t extension,
                const Part& caption, bool is_json) {
    const Caption text =
        is_json ? caption_of_json(caption.content, caption_key_) : caption_of_text(caption.content);
    index_.json_captions += is_json ? 1 : 0;
    index_.samples.push_back({.shard = 0,
                              .sample_offset = sample.offset,
                              .image_offset = image.member.data_offset,
                              .image_bytes = image.member.size,
                              .caption_offset = caption.member.data_offset,
                              .caption_bytes = caption.member.size,
                              .extension = extension,
                              .json_caption = is_json,
                              .header_bytes = static_cast<std::uint32_t>(
                                  image.member.data_offset - image.member.header_offset)});
    index_.image_digests.push_back(digest_from_hex(image.image_sha256));
    if (text.problem.empty()) index_.has_usable = true;
    if (!index_.has_usable) ++index_.caption_problems[split_reason(text.problem).kind];
    index_.caption_digests.push_back(
        text.problem.empty()
            ? digest_from_hex(sha256_hex(std::string_view(data::caption_key(text.text))))
            : Digest{});
  }

  TarReader reader_;
  UnpairedList unpaired_;
  std::string caption_key_;
  OpenSample sample_;
  Several several_images_;  // samples
  Several unnamed_images_;
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
