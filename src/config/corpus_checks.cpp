#include <cstdint>

#include "config/section_checks.h"

namespace helip::config {
namespace {

// A decoded image takes 3 bytes a pixel: 3 GB for the largest.
constexpr std::uint64_t kMostPixels = 1'000'000'000;
constexpr std::uint64_t kMostImageBytes = 1ULL << 30;

}  // namespace

void check(const CorpusConfig& corpus, Checks& checks) {
  checks.text_is_given(corpus.path, "corpus.path", "a corpus folder, tars, a CSV or TSV file");
  checks.text_is_given(corpus.caption_key, "corpus.caption_key", "a field name");
  checks.that(csv_separator_of(corpus.csv_separator).has_value(), "corpus.csv_separator",
              "one character, tab, or auto", "'" + corpus.csv_separator + "'");
  checks.text_is_given(corpus.csv_img_key, "corpus.csv_img_key", "a column of the table");
  checks.text_is_given(corpus.csv_caption_key, "corpus.csv_caption_key", "a column of the table");
  checks.that(in_range(corpus.max_quarantined, 0, 1), "corpus.max_quarantined", "0 to 1",
              corpus.max_quarantined);
  checks.that(corpus.max_pixels >= 1 && corpus.max_pixels <= kMostPixels, "corpus.max_pixels",
              cat("1 to ", kMostPixels), corpus.max_pixels);
  checks.that(corpus.max_image_bytes >= 1 && corpus.max_image_bytes <= kMostImageBytes,
              "corpus.max_image_bytes", cat("1 to ", kMostImageBytes), corpus.max_image_bytes);
}

}  // namespace helip::config
