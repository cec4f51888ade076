// helip pairs stats | show | export | compare
#include <iostream>
#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/pairs_actions.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "common/error.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/output_place.h"
#include "common/text.h"
#include "data/corpus/corpus.h"
#include "mining/table/table_export.h"
#include "store/hard_pair_table.h"

namespace helip::cli {
namespace {

using store::HardPairTable;
constexpr int kSchemaVersion = 1;

CLI::App* add_subcommand(CLI::App& pairs, const std::string& name, const std::string& description,
                         PairsArguments& arguments) {
  CLI::App* const command = pairs.add_subcommand(name, description);
  as_path(command->add_option("TABLE", arguments.table, "folder of a hard-pair table"))->required();
  return command;
}

}  // namespace

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
    throw ConfigError(
        {.what = "no such target",
         .where = "--target",
         .expected = table.size() == 0 ? "a table with targets" : cat("0 to ", table.size() - 1),
         .found = cat(arguments.target)});
  }
  const SampleId target{arguments.target};
  const auto partners = table.partners(target);
  const auto scores = table.scores(target);
  const auto described = [&](SampleId id) {
    const data::Sample sample = corpus.load(id);
    return OrderedJson{{"id", to_index(id)},
                       {"shard", printable(sample.shard)},
                       {"key", printable(sample.key)},
                       {"caption", printable(sample.caption)}};
  };
  const OrderedJson target_json = described(target);
  OrderedJson pairs = OrderedJson::array();
  for (std::size_t slot = 0; slot < partners.size() && slot < arguments.shown; ++slot) {
    if (partners[slot] == kNoPair) break;
    OrderedJson pair = described(SampleId{partners[slot]});
    pair["score"] = scores[slot];
    pairs.push_back(std::move(pair));
  }
  if (arguments.json) {
    print_json(OrderedJson{{"schema_version", kSchemaVersion},
                           {"target", target_json},
                           {"suitable", table.suitable(target)},
                           {"hard_pairs", pairs}});
    return;
  }
  const auto line = [](const OrderedJson& pair) {
    return cat(pair["id"].get<std::uint64_t>(), "  ", pair["shard"].get<std::string>(), "/",
               pair["key"].get<std::string>(), "  ", pair["caption"].get<std::string>());
  };
  print_lines(cat("target  ", line(target_json),
                  (table.suitable(target) ? "" : "  (outlier: never a seed)"), "\n"));
  for (const OrderedJson& pair : pairs) {
    print_lines(cat(decimal(pair["score"].get<double>(), 4), "  ", line(pair), "\n"));
  }
  if (pairs.empty()) print_lines("no hard pairs\n");
}

void export_table(const PairsArguments& arguments) {
  check_output_place(arguments.out, "--out",
                     arguments.format == "npy" ? Existing::kRefused : Existing::kReplaced);
  const HardPairTable table = HardPairTable::open(arguments.table);
  const auto writer = arguments.format == "csv"   ? mining::export_csv
                      : arguments.format == "npy" ? mining::export_npy
                                                  : mining::export_jsonl;
  const std::uint64_t written = writer(table, arguments.out);
  if (written < table.size()) {
    std::cerr << table.size() - written
              << " targets with empty slots are left out: the format has no place for them\n";
  }
  print_lines(cat(written, " targets written to ", printable(arguments.out), "\n"));
}

void add_pairs_command(CLI::App& app, int& /*exit_code*/) {
  auto* const pairs = app.add_subcommand("pairs", "Look into a hard-pair table");
  pairs->require_subcommand(1);
  const auto arguments = std::make_shared<PairsArguments>();

  auto* const stats = add_subcommand(
      *pairs, "stats", "Suitability, scores, hubs, duplicates, false negatives", *arguments);
  as_path(stats->add_option("--corpus", arguments->corpus,
                            "corpus folder with manifest.json: counts duplicates of the targets"));
  auto* const images = as_path(
      stats->add_option("--image-embeddings", arguments->image_embeddings,
                        "clip-retrieval folder or .npy, in a joint space with the text embeddings: "
                        "compares the hard pairs with the targets' own captions"));
  auto* const texts = as_path(
      stats->add_option("--text-embeddings", arguments->text_embeddings, "of the same pairs"));
  images->needs(texts);
  texts->needs(images);
  stats->add_flag("--json", arguments->json, "print as JSON");
  stats->callback([arguments] { print_table_stats(*arguments); });

  auto* const show = add_subcommand(*pairs, "show", "The hard pairs of one target", *arguments);
  as_path(show->add_option("--corpus", arguments->corpus, "corpus folder with manifest.json"))
      ->required();
  show->add_option("--target", arguments->target, "SampleId of the target")->required();
  show->add_option("-n", arguments->shown, "hard pairs shown")->capture_default_str();
  show->add_flag("--json", arguments->json, "print as JSON");
  show->callback([arguments] { show_target(*arguments); });

  auto* const out =
      add_subcommand(*pairs, "export", "Write the table as CSV, JSONL or .npy", *arguments);
  out->add_option("--format", arguments->format,
                  "csv (NAME_hard_sample.csv), jsonl or npy (indices.npy and scores.npy)")
      ->required()
      ->check(CLI::IsMember({"csv", "jsonl", "npy"}));
  as_path(out->add_option("--out", arguments->out, "file to write; for npy a new folder"))
      ->required();
  out->callback([arguments] { export_table(*arguments); });

  auto* const compare =
      pairs->add_subcommand("compare", "What one table finds of another of the same corpus");
  as_path(compare->add_option("A", arguments->table, "hard-pair table that is taken for the truth"))
      ->required();
  as_path(compare->add_option("B", arguments->other_table, "hard-pair table to judge"))->required();
  compare->add_flag("--json", arguments->json, "print as JSON");
  compare->callback([arguments] { print_table_comparison(*arguments); });
}

}  // namespace helip::cli
