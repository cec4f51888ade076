// helip pairs stats
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "cli/commands/pairs_actions.h"
#include "cli/print.h"
#include "common/json.h"
#include "common/text.h"
#include "data/corpus/corpus.h"
#include "mining/table/positive_ratio.h"
#include "mining/table/table_duplicates.h"
#include "mining/table/table_stats.h"
#include "store/hard_pair_table.h"

namespace helip::cli {
namespace {

using mining::kScoreQuantiles;
using store::HardPairTable;
using Quantiles = std::array<float, kScoreQuantiles.size()>;
constexpr int kSchemaVersion = 1;

struct Facts {
  mining::TableStats stats;
  std::optional<mining::DuplicateSlots> duplicates;  // with --corpus
  std::optional<mining::PositiveRatios> ratios;      // with --image-embeddings
};

double share(std::uint64_t count, std::uint64_t of) {
  return of == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(of);
}

OrderedJson json_of(const Quantiles& quantiles) {
  OrderedJson json = OrderedJson::object();
  for (std::size_t q = 0; q < kScoreQuantiles.size(); ++q) {
    json[cat(kScoreQuantiles[q])] = quantiles[q];
  }
  return json;
}

OrderedJson json_of(const HardPairTable& table, const Facts& facts) {
  const store::HardPairManifest& manifest = table.manifest();
  const mining::TableStats& stats = facts.stats;
  OrderedJson json = {{"schema_version", kSchemaVersion},
                      {"table_version", manifest.version},
                      {"method", manifest.method},
                      {"corpus_fingerprint", manifest.corpus_fingerprint},
                      {"targets", stats.targets},
                      {"hard_pairs_per_target", table.k()},
                      {"pool_size", manifest.pool_size},
                      {"recall", manifest.recall},
                      {"recall_targets", manifest.recall_targets},
                      {"suitable", stats.suitable},
                      {"outliers", stats.outliers},
                      {"filled_slots", stats.filled_slots},
                      {"score_quantiles", json_of(stats.score_quantiles)},
                      {"occurrence_max", stats.max_occurrence},
                      {"occurrence_skewness", stats.occurrence_skewness},
                      {"occurrence_gini", stats.occurrence_gini},
                      {"never_chosen", stats.never_chosen}};
  if (const auto& duplicates = facts.duplicates) {
    json["same_caption_slots"] = duplicates->same_caption;
    json["same_caption_share"] = share(duplicates->same_caption, stats.filled_slots);
    json["same_image_slots"] = duplicates->same_image;
    json["same_image_share"] = share(duplicates->same_image, stats.filled_slots);
  }
  if (const auto& ratios = facts.ratios) {
    json["positive_ratio"] = {{"slots", ratios->slots},
                              {"left_out", ratios->left_out},
                              {"mean", ratios->mean},
                              {"quantiles", json_of(ratios->quantiles)},
                              {"suspect_above", mining::kSuspectRatio},
                              {"suspect_share", share(ratios->above_suspect, ratios->slots)},
                              {"above_one_share", share(ratios->above_one, ratios->slots)}};
  }
  return json;
}

std::string text_of(const Quantiles& quantiles) {
  std::string text;
  for (std::size_t q = 0; q < kScoreQuantiles.size(); ++q) {
    text += cat(q == 0 ? "" : "  ", decimal(100 * kScoreQuantiles[q], 0),
                " %: ", decimal(static_cast<double>(quantiles[q]), 4));
  }
  return text;
}

void print(const HardPairTable& table, const Facts& facts) {
  const store::HardPairManifest& manifest = table.manifest();
  const mining::TableStats& stats = facts.stats;
  const auto percent = [](std::uint64_t count, std::uint64_t of) {
    return cat(count, " (", decimal(100 * share(count, of), 1), " %)");
  };
  const double targets = std::max(1.0, static_cast<double>(stats.targets));
  print_lines(
      cat("table        version ", manifest.version, ", ", manifest.method, ", ", table.k(),
          " hard pairs of ", manifest.pool_size, " candidates\nrecall       ",
          mining::recall_text(manifest), "\ncorpus       ",
          (manifest.corpus_fingerprint.empty() ? "not named (mined from bare .npy)"
                                               : printable(manifest.corpus_fingerprint)),
          "\ntargets      ", stats.targets, "\nsuitable     ",
          percent(stats.suitable, stats.targets), "\noutliers     ",
          percent(stats.outliers, stats.targets), "\nscores       ", text_of(stats.score_quantiles),
          "\nchosen       at most ", stats.max_occurrence, " times, on average ",
          decimal(static_cast<double>(stats.filled_slots) / targets, 1), ", skewness ",
          decimal(stats.occurrence_skewness, 2), ", Gini ", decimal(stats.occurrence_gini, 3),
          "\nnever chosen ", percent(stats.never_chosen, stats.targets), "\n"));
  if (const auto& duplicates = facts.duplicates) {
    print_lines(cat("duplicates   of ", stats.filled_slots, " hard pairs, same caption ",
                    percent(duplicates->same_caption, stats.filled_slots), ", same image ",
                    percent(duplicates->same_image, stats.filled_slots), "\n"));
  }
  if (const auto& ratios = facts.ratios) {
    print_lines(
        cat("fit          of a hard pair's caption to the image, the own caption's is 1: mean ",
            decimal(ratios->mean, 4), "; above ", mining::kSuspectRatio, ": ",
            percent(ratios->above_suspect, ratios->slots),
            "; above 1: ", percent(ratios->above_one, ratios->slots), "\n             ",
            text_of(ratios->quantiles), "\n"));
    if (ratios->left_out > 0) {
      print_lines(cat("             ", ratios->left_out,
                      " hard pairs left out: the cosine of the own caption is not above 0\n"));
    }
  }
}

}  // namespace

void print_table_stats(const PairsArguments& arguments) {
  std::optional<data::Corpus> corpus;
  if (!arguments.corpus.empty()) corpus.emplace(data::Corpus::open(arguments.corpus));
  const HardPairTable table =
      corpus ? open_table_of(arguments.table, *corpus) : HardPairTable::open(arguments.table);
  Facts facts{.stats = mining::table_stats(table), .duplicates = {}, .ratios = {}};
  if (corpus) {
    facts.duplicates =
        mining::duplicate_slots(table, corpus->image_groups(), corpus->caption_groups());
  }
  if (!arguments.image_embeddings.empty()) {
    facts.ratios =
        mining::positive_ratios(table, arguments.image_embeddings, arguments.text_embeddings);
  }
  if (arguments.json) {
    print_json(json_of(table, facts));
  } else {
    print(table, facts);
  }
}

}  // namespace helip::cli
