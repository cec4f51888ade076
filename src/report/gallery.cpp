#include "report/gallery.h"

#include <algorithm>
#include <numeric>

#include "common/error.h"
#include "common/text.h"
#include "data/image/encode_image.h"
#include "data/image/image.h"
#include "report/html.h"

namespace helip::report {
namespace {

// Larger pictures are scaled down, so that a page over photographs stays a few megabytes.
constexpr std::size_t kLargestBytes = std::size_t{24} * 1024;
constexpr int kThumbnailSide = 160;
constexpr int kThumbnailQuality = 85;

std::vector<std::byte> thumbnail(std::span<const std::byte> encoded) {
  const data::Image image = data::decode_image_over_white(encoded);
  const int longest = std::max(image.width, image.height);
  const auto scaled = [&](int side) {
    return std::max(1,
                    static_cast<int>(static_cast<std::int64_t>(side) * kThumbnailSide / longest));
  };
  if (longest <= kThumbnailSide) return data::encode_jpeg(image, kThumbnailQuality);
  return data::encode_jpeg(
      data::resize(image, scaled(image.width), scaled(image.height), data::Interpolation::kBicubic),
      kThumbnailQuality);
}

// Line breaks and runs of white space in captions become one space.
std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool white = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!white) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

// Picture and caption of one pair; a pair that cannot be shown says why.
std::string picture_and_caption(const data::Corpus& corpus, SampleId id) {
  try {
    const data::Sample sample = corpus.load(id);
    const std::string caption = escape_html(one_line(sample.caption));
    const std::string uri = image_data_uri(
        sample.image.size() > kLargestBytes ? thumbnail(sample.image) : sample.image);
    return cat("<img class=\"picture\" loading=\"lazy\" alt=\"", caption, "\" src=\"", uri,
               "\"><p class=\"caption\" title=\"", caption, "\">",
               caption.empty() ? escape_html(cat("no caption: ", sample.caption_problem)) : caption,
               "</p>");
  } catch (const Error& error) {
    return cat("<p class=\"caption\">pair ", to_index(id),
               " cannot be shown: ", escape_html(error.what()), "</p>");
  }
}

}  // namespace

std::vector<SampleId> gallery_targets(const store::HardPairTable& table, std::uint32_t count) {
  std::vector<SampleId> suitable;
  for (std::uint64_t row = 0; row < table.size(); ++row) {
    const SampleId target{row};
    if (table.suitable(target) && table.partners(target).front() != kNoPair) {
      suitable.push_back(target);
    }
  }
  std::stable_sort(suitable.begin(), suitable.end(), [&](SampleId a, SampleId b) {
    return table.scores(a).front() > table.scores(b).front();
  });
  if (suitable.size() <= count) return suitable;
  std::vector<SampleId> chosen;
  for (std::uint64_t i = 0; i < count; ++i) {
    // The middle of the i-th of `count` equal runs.
    chosen.push_back(suitable[(2 * i + 1) * suitable.size() / (std::size_t{2} * count)]);
  }
  return chosen;
}

std::string gallery(const data::Corpus& corpus, const store::HardPairTable& table,
                    const std::vector<SampleId>& targets, std::uint32_t partners) {
  std::string out = "<div class=\"gallery\">";
  for (const SampleId target : targets) {
    out += cat("<article class=\"card\"><div class=\"target\">",
               picture_and_caption(corpus, target), "<p class=\"score\"><span>pair ",
               to_index(target), "</span></p></div><div class=\"partners\">");
    const auto ids = table.partners(target);
    const auto scores = table.scores(target);
    for (std::size_t i = 0; i < std::min<std::size_t>(ids.size(), partners); ++i) {
      if (ids[i] == kNoPair) break;
      out += cat("<div>", picture_and_caption(corpus, SampleId{ids[i]}), "<p class=\"score\">",
                 decimal(static_cast<double>(scores[i]), 3), " <span>pair ", ids[i],
                 "</span></p></div>");
    }
    out += "</div></article>\n";
  }
  return out + "</div>\n";
}

}  // namespace helip::report
