// helip pairs compare
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>

#include "cli/commands/pairs_actions.h"
#include "cli/print.h"
#include "common/json.h"
#include "common/text.h"
#include "mining/table/table_compare.h"
#include "store/hard_pair_table.h"

namespace helip::cli {
namespace {

using store::HardPairTable;
constexpr int kSchemaVersion = 1;

double identical_share(const mining::TableComparison& result) {
  return result.targets == 0
             ? 0.0
             : static_cast<double>(result.identical) / static_cast<double>(result.targets);
}

OrderedJson json_of(const HardPairTable& truth, const HardPairTable& found,
                    const mining::TableComparison& result) {
  const auto described = [](const HardPairTable& table) {
    return OrderedJson{{"folder", printable(table.folder().string())},
                       {"method", table.manifest().method},
                       {"hard_pairs_per_target", table.k()},
                       {"pool_size", table.manifest().pool_size}};
  };
  return {{"schema_version", kSchemaVersion},
          {"truth", described(truth)},
          {"compared", described(found)},
          {"comparable_scores", result.comparable_scores},
          {"targets", result.targets},
          {"k", result.k},
          {"truth_slots", result.truth_slots},
          {"hits", result.hits},
          {"recall", result.recall},
          {"both_empty", result.both_empty},
          {"mean_jaccard", result.mean_jaccard},
          {"identical", result.identical},
          {"identical_share", identical_share(result)}};
}

void print(const HardPairTable& truth, const HardPairTable& found,
           const mining::TableComparison& result) {
  const auto described = [](const HardPairTable& table) {
    return cat(printable(table.folder().string()), ": ", table.manifest().method, ", ", table.k(),
               " hard pairs of ", table.manifest().pool_size, " candidates");
  };
  std::string recall = cat("recall@", result.k, " ");
  recall.resize(std::max<std::size_t>(recall.size(), 13), ' ');
  print_lines(
      cat("truth        ", described(truth), "\ncompared     ", described(found), "\ntargets      ",
          result.targets, ", the first ", result.k, " hard pairs of each\n", recall,
          decimal(result.recall, 4), " (", result.hits, " of ", result.truth_slots,
          " hard pairs)\njaccard      ", decimal(result.mean_jaccard, 4),
          " on average; targets without a hard pair in either table, left out: ", result.both_empty,
          "\nidentical    ", result.identical, " (", decimal(100 * identical_share(result), 1),
          " %) of the rows\n"));
}

}  // namespace

void print_table_comparison(const PairsArguments& arguments) {
  const HardPairTable truth = HardPairTable::open(arguments.table);
  const HardPairTable found = HardPairTable::open(arguments.other_table);
  const mining::TableComparison result = mining::compare_tables(truth, found);
  if (truth.manifest().corpus_fingerprint.empty() || found.manifest().corpus_fingerprint.empty()) {
    std::cerr << "a table does not name its corpus (mined from bare .npy): taken to be of the "
                 "other's, which has as many pairs\n";
  }
  if (!result.comparable_scores) {
    std::cerr
        << "the tables are of different embeddings or rules (corpus, floors, ceiling): a hit is "
           "the same pair, whatever its score\n";
  }
  if (arguments.json) {
    print_json(json_of(truth, found, result));
  } else {
    print(truth, found, result);
  }
}

}  // namespace helip::cli
