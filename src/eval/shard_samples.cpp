#include "eval/shard_samples.h"

#include "common/error.h"
#include "common/hidden.h"
#include "common/log.h"
#include "common/text.h"

namespace helip::eval {
namespace {

constexpr std::size_t kShownBytes = 80;  // of what a message quotes

}  // namespace

std::string SampleRules::place_of(const std::string& name) const { return cat(shard_, ": ", name); }

bool SampleRules::begins_sample(const data::MemberName& name) const {
  return name.key != key_ ||
         std::find(extensions_.begin(), extensions_.end(), name.extension) != extensions_.end();
}

void SampleRules::add(const data::TarMember& member, const data::MemberName& name) {
  const bool is_image = data::image_extension_index(name.extension).has_value();
  if (member.is_link) {
    if (!is_image && name.extension != "cls" && name.extension != "txt") return;
    throw DataError({.what = "a part of a sample is a link, which is not followed",
                     .where = place_of(member.name),
                     .expected = "a regular file in the tar",
                     .found = "a link"});
  }
  if (is_image) {
    const auto first = std::find_if(
        extensions_.begin(), extensions_.end(),
        [](const auto& extension) { return data::image_extension_index(extension).has_value(); });
    if (first != extensions_.end()) {
      throw DataError({.what = "a sample has two images",
                       .where = place_of(member.name),
                       .expected = "one image a sample",
                       .found = cat(".", *first, " and .", name.extension)});
    }
    if (member.size == 0) {
      throw DataError({.what = "an image is empty",
                       .where = place_of(member.name),
                       .expected = "an encoded image",
                       .found = "0 bytes"});
    }
    has_image_ = true;
  }
  const std::uint64_t most = name.extension == "cls"   ? kLongestLabel
                             : name.extension == "txt" ? kLongestCaptions
                                                       : member.size;
  if (member.size > most) {
    throw DataError({.what = "a part of a sample is too large",
                     .where = place_of(member.name),
                     .expected = cat("at most ", most, " bytes"),
                     .found = cat(member.size, " bytes")});
  }
  key_ = name.key;
  extensions_.push_back(name.extension);
}

void SampleRules::pass_over(const data::TarMember& member) {
  const std::string base = member.name.substr(member.name.rfind('/') + 1);
  const bool is_index = base.starts_with("__") && base.ends_with("__");  // WebDataset's own
  if (!member.is_file || is_hidden(member.name) || is_index) return;
  if (passed_++ == 0) first_passed_ = member.name;
}

void SampleRules::warn_of_passed() const {
  if (passed_ == 0) return;
  log::warning(cat(shard_, ": ", passed_,
                   " members without an extension are part of no sample, as ",
                   shortened(first_passed_, kShownBytes)));
}

void SampleRules::close() {
  if (!has_image_) {
    std::string found;
    for (const std::string& extension : extensions_)
      found += (found.empty() ? "." : ", .") + extension;
    throw DataError({.what = "a sample has no image",
                     .where = place_of(key_),
                     .expected = "KEY.{webp,png,jpg,jpeg}",
                     .found = "only " + shortened(found, kShownBytes)});
  }
  extensions_.clear();
  has_image_ = false;
}

void warn_of_end(const std::filesystem::path& shard, std::uint64_t samples) {
  log::warning(cat(shard.string(), ": the tar has no end mark; ", samples,
                   " samples were read: is it whole?"));
}

}  // namespace helip::eval
