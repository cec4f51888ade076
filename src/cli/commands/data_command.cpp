// helip data import | check
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "cli/commands/commands.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "cli/progress_line.h"
#include "common/error.h"
#include "common/json.h"
#include "common/output_place.h"
#include "common/text.h"
#include "data/image/decode_limits.h"
#include "data/import/corpus_check.h"
#include "data/import/corpus_import.h"
#include "data/import/csv.h"

namespace helip::cli {
namespace {

constexpr int kSchemaVersion = 1;
constexpr std::size_t kMostNoteBytes = 120;

unsigned all_cores() { return std::max(1U, std::thread::hardware_concurrency()); }

struct ImportArguments {
  data::ImportOptions options;
  std::string out;
  std::string background;
  config::CorpusConfig corpus;
  bool json = false;
};

std::map<std::string, std::uint64_t> counts_of(const std::map<std::string, data::Noted>& noted) {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [reason, of_reason] : noted) counts[reason] = of_reason.count;
  return counts;
}

void import_data(ImportArguments& arguments) {
  check_output_place(arguments.out, "--out");
  data::ImportOptions& options = arguments.options;
  options.out = arguments.out;
  options.images.white_background = arguments.background == "white";
  options.caption_key = arguments.corpus.caption_key;
  options.csv = data::csv_options_of(arguments.corpus);
  options.images.limits = data::limits_of(arguments.corpus);
  options.max_left_out = arguments.corpus.max_quarantined;
  ProgressLine progress("import", "pairs");
  const auto report = data::import_corpus(
      options, [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
  const data::CorpusManifest& manifest = report.manifest;
  if (arguments.json) {
    const OrderedJson json = {{"schema_version", kSchemaVersion},
                              {"corpus", arguments.out},
                              {"pairs", manifest.pairs},
                              {"shards", manifest.shards.size()},
                              {"fingerprint", manifest.fingerprint},
                              {"rewritten", report.rewritten},
                              {"left_out", report.left_out},
                              {"noted", counts_of(report.noted)}};
    print_json(json);
    return;
  }
  print_lines(cat("pairs        ", manifest.pairs, "\nshards       ", manifest.shards.size(),
                  "\nfingerprint  ", manifest.fingerprint, "\nrewritten    ", report.rewritten,
                  " images (shrunk, composited or turned)\n"));
  for (const auto& [reason, count] : report.left_out) {
    print_lines(cat("left out     ", count, ": ", printable(reason), "\n"));
  }
  for (const auto& [reason, noted] : report.noted) {
    std::cerr << "warning: " << noted.count << " × " << printable(reason) << " ("
              << shortened(noted.first, kMostNoteBytes) << "); named in "
              << shortened(arguments.out, kMostNoteBytes) << "/import_report.jsonl\n";
  }
  if (!report.left_out.empty())
    print_lines(cat("             named in ", printable(arguments.out), "/import_report.jsonl\n"));
}

OrderedJson json_of(const data::CheckReport& report) {
  OrderedJson captions = OrderedJson::array();
  for (const auto& [caption, count] : report.repeated_captions)
    captions.push_back({{"caption", caption}, {"count", count}});
  OrderedJson mojibake = OrderedJson::array();
  for (const auto& [sample, caption] : report.mojibake_examples)
    mojibake.push_back({{"sample", sample}, {"caption", caption}});
  OrderedJson unusable = OrderedJson::array();
  for (const auto& entry : report.unusable) {
    unusable.push_back({{"sample", entry.sample},
                        {"shard", printable(entry.shard)},
                        {"offset", entry.offset},
                        {"key", printable(entry.key)},
                        {"reason", printable(entry.reason)}});
  }
  return {{"schema_version", kSchemaVersion},
          {"pairs", report.manifest.pairs},
          {"shards", report.manifest.shards.size()},
          {"fingerprint", report.manifest.fingerprint},
          {"damage", report.damage},
          {"problems", report.problems},
          {"defects", report.defects},
          {"unusable", unusable},
          {"image_duplicate_groups", report.image_duplicate_groups},
          {"image_duplicates", report.image_duplicates},
          {"caption_duplicate_groups", report.caption_duplicate_groups},
          {"caption_duplicates", report.caption_duplicates},
          {"repeated_captions", captions},
          {"mojibake", report.mojibake},
          {"mojibake_examples", mojibake}};
}

void print(const data::CheckReport& report) {
  constexpr std::size_t kNamed = 10;
  std::uint64_t bytes = 0;
  for (const auto& shard : report.manifest.shards) bytes += shard.bytes;
  print_lines(cat("pairs        ", report.manifest.pairs, "\nshards       ",
                  report.manifest.shards.size(), " (", human_bytes(static_cast<double>(bytes)),
                  ")\nfingerprint  ", report.manifest.fingerprint, "\n"));
  for (const std::string& line : report.damage)
    print_lines(cat("DAMAGED      ", printable(line), "\n"));
  if (!report.damage.empty()) return;
  for (const auto& [kind, count] : report.problems)
    print_lines(cat("problem      ", count, ": ", printable(kind), "\n"));
  for (const auto& [kind, count] : report.defects)
    print_lines(cat("defect       ", count, " used all the same: ", printable(kind), "\n"));
  for (std::size_t i = 0; i < std::min(kNamed, report.unusable.size()); ++i) {
    const auto& entry = report.unusable[i];
    print_lines(cat("unusable     sample ", entry.sample, " (", printable(entry.shard), ": byte ",
                    entry.offset, ", key ", printable(entry.key), "): ", printable(entry.reason),
                    "\n"));
  }
  if (report.unusable.size() > kNamed)
    print_lines(cat("             and ", report.unusable.size() - kNamed, " more\n"));
  print_lines(cat("duplicates   images: ", report.image_duplicates, " in ",
                  report.image_duplicate_groups, " groups; captions: ", report.caption_duplicates,
                  " in ", report.caption_duplicate_groups, " groups\n"));
  for (const auto& [caption, count] : report.repeated_captions) {
    print_lines(cat("repeated     ", count, " times: ", printable(caption), "\n"));
  }
  if (report.mojibake > 0)
    print_lines(
        cat("mojibake     ", report.mojibake, ": captions that are not repaired, such as\n"));
  for (const auto& [sample, caption] : report.mojibake_examples)
    print_lines(cat("             sample ", sample, ": ", shortened(caption, 100), "\n"));
  print_lines("whole        every digest fits\n");
}

void add_image_limits(CLI::App& command, std::uint64_t& max_pixels, std::uint64_t& max_bytes,
                      double& max_decode_seconds) {
  command.add_option("--max-pixels", max_pixels, "larger images cannot be used")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--max-image-bytes", max_bytes, "larger encoded images cannot be used")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command
      .add_option("--max-decode-seconds", max_decode_seconds,
                  "images that took one core longer cannot be used")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
}

void add_import(CLI::App& data) {
  auto* const command =
      data.add_subcommand("import",
                          "Make a corpus from WebDataset tars, a table or a folder; one that "
                          "was interrupted goes on where it was");
  const auto arguments = std::make_shared<ImportArguments>();
  auto& options = arguments->options;
  auto& corpus = arguments->corpus;
  options.threads = all_cores();
  as_path(command->add_option("SRC", options.sources,
                              "tars ({00000..00331}.tar, a::b, glob), CSV/TSV, or a folder"))
      ->required();
  as_path(command->add_option("--out", arguments->out, "folder of the new corpus; must not exist"))
      ->required();
  command
      ->add_option("--max-side", options.images.max_side,
                   "shrink images whose longer side has more pixels")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--background", arguments->background,
                   "composite transparent images over this colour")
      ->check(CLI::IsMember({"white"}));
  command->add_flag("--exif-transpose", options.images.exif_transpose, "turn images upright");
  command->add_option("--samples-per-shard", options.samples_per_shard, "pairs in one shard")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--threads", options.threads,
                   "decoding threads; the result does not depend on them")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1024U));
  command
      ->add_option("--caption-key", corpus.caption_key,
                   "field of .json members that holds the caption")
      ->capture_default_str();
  command
      ->add_option("--csv-separator", corpus.csv_separator,
                   "separator of a table: one character, tab, or auto: the header tells")
      ->capture_default_str();
  command
      ->add_option("--csv-img-key", corpus.csv_img_key,
                   "column with image paths, relative to the table")
      ->capture_default_str();
  command->add_option("--csv-caption-key", corpus.csv_caption_key, "column with captions")
      ->capture_default_str();
  command
      ->add_option("--max-left-out", corpus.max_quarantined,
                   "share of the samples that may be left out; with more the import ends")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  add_image_limits(*command, corpus.max_pixels, corpus.max_image_bytes,
                   options.images.max_decode_seconds);
  command->add_flag("--json", arguments->json, "print the summary as JSON");
  command->callback([arguments] { import_data(*arguments); });
}

void add_check(CLI::App& data, int& exit_code) {
  struct Arguments {
    std::string folder;
    data::CheckRules rules{.threads = all_cores()};
    bool json = false;
  };
  auto* const command = data.add_subcommand("check", "Verify a corpus: every digest, every image");
  const auto arguments = std::make_shared<Arguments>();
  as_path(command->add_option("CORPUS", arguments->folder, "corpus folder with manifest.json"))
      ->required();
  data::CheckRules& rules = arguments->rules;
  command->add_option("--threads", rules.threads, "decoding threads")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1024U));
  add_image_limits(*command, rules.limits.max_pixels, rules.limits.max_bytes,
                   rules.max_decode_seconds);
  command->add_flag("--json", arguments->json, "print the result as JSON");
  command->callback([arguments, &exit_code] {
    ProgressLine progress("check", "samples");
    const auto report =
        data::check_corpus(arguments->folder, arguments->rules,
                           [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
    if (arguments->json) {
      print_json(json_of(report));
    } else {
      print(report);
    }
    if (!report.damage.empty()) exit_code = kExitFailed;
  });
}

}  // namespace

void add_data_command(CLI::App& app, int& exit_code) {
  auto* const data = app.add_subcommand("data", "Make or verify a corpus");
  data->require_subcommand(1);
  add_import(*data);
  add_check(*data, exit_code);
}

}  // namespace helip::cli
