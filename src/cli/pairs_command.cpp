// helip pairs stats | show | export
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/commands.h"
#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"
#include "data/corpus.h"
#include "mining/table_export.h"
#include "mining/table_stats.h"
#include "store/hard_pair_table.h"

namespace helip::cli {
namespace {

using Json = nlohmann::ordered_json;
using store::HardPairTable;
constexpr int kSchemaVersion = 1;

struct PairsArguments {
  std::string table;
  std::string corpus;
  std::uint64_t target = 0;
  std::uint32_t shown = 10;
  std::string format;
  std::string out;
  bool json = false;
};

void print_stats(const PairsArguments& arguments) {
  const HardPairTable table = HardPairTable::open(arguments.table);
  const store::HardPairManifest& manifest = table.manifest();
  const mining::TableStats stats = mining::table_stats(table);
  if (arguments.json) {
    Json quantiles = Json::object();
    for (std::size_t q = 0; q < mining::kScoreQuantiles.size(); ++q) {
      quantiles[cat(mining::kScoreQuantiles[q])] = stats.score_quantiles[q];
    }
    const Json json = {{"schema_version", kSchemaVersion},
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
                       {"score_quantiles", quantiles},
                       {"occurrence_max", stats.max_occurrence},
                       {"occurrence_skewness", stats.occurrence_skewness},
                       {"occurrence_gini", stats.occurrence_gini},
                       {"never_chosen", stats.never_chosen}};
    std::cout << json.dump() << "\n";
    return;
  }
  const double targets = std::max(1.0, static_cast<double>(stats.targets));
  const auto percent = [&](std::uint64_t count) {
    return cat(count, " (", decimal(100.0 * static_cast<double>(count) / targets, 1), " %)");
  };
  std::cout << "table        version " << manifest.version << ", " << manifest.method << ", "
            << table.k() << " hard pairs of " << manifest.pool_size << " candidates\nrecall       "
            << mining::recall_text(manifest) << "\ncorpus       "
            << (manifest.corpus_fingerprint.empty() ? "not named (mined from bare .npy)"
                                                    : printable(manifest.corpus_fingerprint))
            << "\ntargets      " << stats.targets << "\nsuitable     " << percent(stats.suitable)
            << "\noutliers     " << percent(stats.outliers) << "\nscores       ";
  for (std::size_t q = 0; q < mining::kScoreQuantiles.size(); ++q) {
    std::cout << (q == 0 ? "" : "  ") << decimal(100 * mining::kScoreQuantiles[q], 0)
              << " %: " << decimal(static_cast<double>(stats.score_quantiles[q]), 4);
  }
  std::cout << "\nchosen       at most " << stats.max_occurrence << " times, on average "
            << decimal(static_cast<double>(stats.filled_slots) / targets, 1) << ", skewness "
            << decimal(stats.occurrence_skewness, 2) << ", Gini "
            << decimal(stats.occurrence_gini, 3) << "\nnever chosen " << percent(stats.never_chosen)
            << "\n";
}

HardPairTable open_table_of(const std::string& folder, const data::Corpus& corpus) {
  HardPairTable table = HardPairTable::open(folder);
  if (table.manifest().corpus_fingerprint.empty()) {
    // A table of bare .npy does not name its corpus; only the number of pairs can tell.
    if (table.size() != corpus.size()) {
      throw StoreError({.what = "the hard-pair table belongs to another corpus",
                        .where = folder,
                        .expected = cat(corpus.size(), " pairs"),
                        .found = cat(table.size())});
    }
    std::cerr << "the table does not name its corpus (mined from bare .npy): taken to be of this "
                 "one, which has as many pairs\n";
    return table;
  }
  return HardPairTable::open(folder, corpus.manifest().fingerprint);
}

void show_target(const PairsArguments& arguments) {
  const data::Corpus corpus = data::Corpus::open(arguments.corpus);
  const HardPairTable table = open_table_of(arguments.table, corpus);
  if (arguments.target >= table.size()) {
    throw ConfigError({.what = "no such target",
                       .where = "--target",
                       .expected = cat("0 to ", table.size() - 1),
                       .found = cat(arguments.target)});
  }
  const SampleId target{arguments.target};
  const auto partners = table.partners(target);
  const auto scores = table.scores(target);
  const auto described = [&](SampleId id) {
    const data::Sample sample = corpus.load(id);
    return Json{{"id", to_index(id)},
                {"shard", printable(sample.shard)},
                {"key", printable(sample.key)},
                {"caption", printable(sample.caption)}};
  };
  const Json target_json = described(target);
  Json pairs = Json::array();
  for (std::size_t slot = 0; slot < partners.size() && slot < arguments.shown; ++slot) {
    if (partners[slot] == kNoPair) break;
    Json pair = described(SampleId{partners[slot]});
    pair["score"] = scores[slot];
    pairs.push_back(std::move(pair));
  }
  if (arguments.json) {
    std::cout << Json{{"schema_version", kSchemaVersion},
                      {"target", target_json},
                      {"suitable", table.suitable(target)},
                      {"hard_pairs", pairs}}
                     .dump()
              << "\n";
    return;
  }
  const auto line = [](const Json& pair) {
    return cat(pair["id"].get<std::uint64_t>(), "  ", pair["shard"].get<std::string>(), "/",
               pair["key"].get<std::string>(), "  ", pair["caption"].get<std::string>());
  };
  std::cout << "target  " << line(target_json)
            << (table.suitable(target) ? "" : "  (outlier: never a seed)") << "\n";
  for (const Json& pair : pairs) {
    std::cout << decimal(pair["score"].get<double>(), 4) << "  " << line(pair) << "\n";
  }
  if (pairs.empty()) std::cout << "no hard pairs\n";
}

void export_table(const PairsArguments& arguments) {
  const HardPairTable table = HardPairTable::open(arguments.table);
  const std::uint64_t written = arguments.format == "csv"
                                    ? mining::export_csv(table, arguments.out)
                                    : mining::export_jsonl(table, arguments.out);
  if (written < table.size()) {
    std::cerr << table.size() - written
              << " targets with empty slots are left out: the format has no place for them\n";
  }
  std::cout << written << " targets written to " << arguments.out << "\n";
}

CLI::App* add_subcommand(CLI::App& pairs, const std::string& name, const std::string& description,
                         PairsArguments& arguments) {
  CLI::App* const command = pairs.add_subcommand(name, description);
  command->add_option("TABLE", arguments.table, "folder of a hard-pair table")->required();
  return command;
}

}  // namespace

void add_pairs_command(CLI::App& app, int& /*exit_code*/) {
  auto* const pairs = app.add_subcommand("pairs", "Look into a hard-pair table");
  pairs->require_subcommand(1);
  const auto arguments = std::make_shared<PairsArguments>();

  auto* const stats = add_subcommand(*pairs, "stats", "Suitability, scores, hubs", *arguments);
  stats->add_flag("--json", arguments->json, "print as JSON");
  stats->callback([arguments] { print_stats(*arguments); });

  auto* const show = add_subcommand(*pairs, "show", "The hard pairs of one target", *arguments);
  show->add_option("--corpus", arguments->corpus, "corpus folder with manifest.json")->required();
  show->add_option("--target", arguments->target, "SampleId of the target")->required();
  show->add_option("-n", arguments->shown, "hard pairs shown")->capture_default_str();
  show->add_flag("--json", arguments->json, "print as JSON");
  show->callback([arguments] { show_target(*arguments); });

  auto* const out = add_subcommand(*pairs, "export", "Write the table as CSV or JSONL", *arguments);
  out->add_option("--format", arguments->format, "csv (NAME_hard_sample.csv) or jsonl")
      ->required()
      ->check(CLI::IsMember({"csv", "jsonl"}));
  out->add_option("--out", arguments->out, "file to write")->required();
  out->callback([arguments] { export_table(*arguments); });
}

}  // namespace helip::cli
