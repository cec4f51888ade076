#include "report/mining_section.h"

#include <algorithm>

#include "common/text.h"
#include "report/charts.h"

namespace helip::report {
namespace {

constexpr int kBins = 32;

// The paper's names; another method is called as the configuration calls it.
std::string method_name(const std::string& method) {
  if (method == "exact") return "Exact HPM";
  if (method == "fast") return "FastHPM";
  return method == "index" ? "Index" : method;
}

std::string share_of(std::uint64_t count, std::uint64_t of) {
  const double share = of == 0 ? 0 : static_cast<double>(count) / static_cast<double>(of);
  return cat(count, " (", decimal(100 * share, 1), " %)");
}

std::string targets_of(const mining::PositiveRatios& ratios, std::uint64_t all) {
  return ratios.targets < all
             ? cat("a random sample of ", ratios.targets, " of the ", all, " targets")
             : cat("all ", all, " targets");
}

// What the job's corpus and its embeddings tell of the hard pairs: possible false negatives.
std::string facts(const MiningSummary& mining) {
  std::string out;
  const auto row = [&](const char* name, const std::string& value) {
    out += cat("<dt>", name, "</dt><dd>", value, "</dd>");
  };
  const std::uint64_t slots = mining.stats.filled_slots;
  row("hard pairs", cat(slots));
  if (const auto& duplicates = mining.duplicates) {
    row("with the target's caption", share_of(duplicates->same_caption, slots));
    row("with the target's image", share_of(duplicates->same_image, slots));
  }
  if (const auto& ratios = mining.ratios) {
    row("suspected false negatives",
        cat(share_of(ratios->above_suspect, ratios->slots),
            ": the hard pair's caption fits the "
            "target's image more than ",
            decimal(mining::kSuspectRatio, 2), " times as well as its own; ",
            share_of(ratios->above_one, ratios->slots), " better than its own; mean ratio ",
            decimal(ratios->mean, 3), "; of ", targets_of(*ratios, mining.stats.targets)));
    if (ratios->left_out > 0) {
      row("without such a ratio",
          cat(ratios->left_out, ": the cosine of the target's own caption is not above 0"));
    }
  }
  return cat("<dl>", out, "</dl>");
}

}  // namespace

std::string mining_section(const store::HardPairManifest& table, const MiningSummary& mining) {
  // Whole numbers: never more bins than values.
  const int occurrence_bins =
      static_cast<int>(std::min<std::uint64_t>(kBins, mining.stats.max_occurrence + 1));
  std::string out = cat(
      "<h2>Mining</h2><p class=\"soft\">", method_name(table.method), ": the ",
      table.hard_pairs_per_target, " hardest of ",
      table.method == "fast" ? table.pool_size : table.pairs, " candidates for each of ",
      table.pairs, " pairs; similarity floors ", decimal(static_cast<double>(table.image_floor), 2),
      " (images) and ", decimal(static_cast<double>(table.text_floor), 2),
      " (texts). A target that has fewer is an outlier and never a seed: ", mining.stats.outliers,
      " of them. Recall: ", mining::recall_text(table), ".</p>", facts(mining),
      "<div class=\"charts\">");
  out += cat("<figure><h3>Score of a target's hardest pair</h3>",
             bar_chart(histogram(mining.hardest_scores, kBins), "score", 2),
             "<figcaption>Product of image and text similarity; suitable "
             "targets.</figcaption></figure>\n");
  out += cat("<figure><h3>Score of its weakest hard pair</h3>",
             bar_chart(histogram(mining.weakest_scores, kBins), "score", 2),
             "<figcaption>The last of the ", table.hard_pairs_per_target,
             " that are kept.</figcaption></figure>\n");
  out += cat(
      "<figure><h3>How often a pair is somebody's hard pair</h3>",
      bar_chart(histogram(mining.occurrence, occurrence_bins), "targets that chose the pair", 0),
      "<figcaption>", mining.stats.never_chosen, " pairs are never chosen; the most popular one ",
      mining.stats.max_occurrence, " times; skewness ",
      decimal(mining.stats.occurrence_skewness, 2), ".</figcaption></figure>\n");
  return out + "</div>\n";
}

}  // namespace helip::report
