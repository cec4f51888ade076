// helip mine: mining alone over .npy embeddings, in this process.
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>

#include "cli/choice_option.h"
#include "cli/commands/commands.h"
#include "cli/path_option.h"
#include "cli/preflight/scratch_folder.h"
#include "cli/print.h"
#include "cli/progress_line.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "common/output_place.h"
#include "common/text.h"
#include "config/fields.h"
#include "config/validate.h"
#include "data/corpus/manifest.h"
#include "mining/mining_job.h"
#include "mining/pairs/embedding_files.h"
#include "mining/table/table_stats.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;
constexpr int kSchemaVersion = 1;

struct MineArguments {
  std::string images;
  std::string texts;
  std::string out;
  std::string groups;
  config::MiningConfig mining;
  std::uint32_t threads = std::max(1U, std::thread::hardware_concurrency());
  config::DeviceChoice device = config::DeviceChoice::kAuto;
  bool json = false;
};

// Keys that cut mining into the tasks of a job: mining in one process has no tasks.
bool is_of_tasks(std::string_view name) { return name.starts_with("task_"); }

// Returns the option for a key of the section mining: "--pool-size".
std::string mining_option(std::string_view name) {
  if (name == "hard_pairs_per_target") return "--k";
  std::string option = "--" + std::string(name);
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

// Returns the option that sets a key of the configuration, or the key if there is none.
std::string option_of(const std::string& key) {
  if (key == "launcher.device") return "--device";
  std::string option = key;
  config::for_each_field<config::MiningConfig>([&](const auto& field) {
    if (key == cat("mining.", field.name) && !is_of_tasks(field.name)) {
      option = mining_option(field.name);
    }
  });
  return option;
}

// What the miner refuses, it names by the configuration's key.
ConfigError with_option(const ConfigError& error) {
  const std::string line = error.what();
  const std::size_t key = line.find(": ");
  if (key == std::string::npos) return error;
  return ConfigError({.what = option_of(line.substr(0, key)) + line.substr(key)});
}

void check(const MineArguments& arguments) {
  if (auto violation = config::first_violation(arguments.mining)) {
    violation->problem.where = option_of(violation->key);
    throw ConfigError(violation->problem);
  }
  for (const auto& [option, path] :
       std::map<std::string, std::string>{{"--image-embeddings", arguments.images},
                                          {"--text-embeddings", arguments.texts},
                                          {"--groups", arguments.groups}}) {
    if (!path.empty() && !fs::exists(path)) {
      throw ConfigError({.what = "no such file or folder", .where = option, .found = path});
    }
  }
  check_scratch(arguments.mining.scratch, option_of("mining.scratch"));
  check_output_place(arguments.out, "--out");
}

// A corpus folder as --groups also says which corpus the rows are of.
std::string fingerprint_of(const std::string& groups, std::uint64_t pairs) {
  const fs::path file = fs::path(groups) / "manifest.json";
  if (groups.empty() || !fs::exists(file)) return {};
  const data::CorpusManifest manifest = data::read_manifest(file);
  if (manifest.pairs != pairs) {
    throw DataError({.what = "the embeddings are not of this corpus",
                     .where = groups,
                     .expected = cat(manifest.pairs, " rows"),
                     .found = cat(pairs)});
  }
  return manifest.fingerprint;
}

OrderedJson json_of(const MineArguments& arguments, const store::HardPairManifest& manifest,
                    const mining::TableStats& stats, const std::string& device, double seconds) {
  return {{"schema_version", kSchemaVersion},
          {"table", arguments.out},
          {"method", manifest.method},
          {"targets", manifest.pairs},
          {"hard_pairs_per_target", manifest.hard_pairs_per_target},
          {"pool_size", manifest.pool_size},
          {"recall", manifest.recall},
          {"recall_targets", manifest.recall_targets},
          {"suitable", stats.suitable},
          {"outliers", stats.outliers},
          {"median_score", stats.score_quantiles[3]},
          {"indices_sha256", manifest.indices_sha256},
          {"scores_sha256", manifest.scores_sha256},
          {"groups", !arguments.groups.empty()},
          {"device", device},
          {"seconds", seconds}};
}

void print(const MineArguments& arguments, const store::HardPairManifest& manifest,
           const mining::TableStats& stats, const std::string& device, double seconds) {
  const auto targets = static_cast<double>(stats.targets);
  print_lines(cat("table        ", printable(arguments.out), "\ntargets      ", stats.targets, ", ",
                  manifest.hard_pairs_per_target, " hard pairs each, ", manifest.method, " (",
                  manifest.pool_size, " candidates)\nrecall       ", mining::recall_text(manifest),
                  "\nsuitable     ", stats.suitable, " (",
                  decimal(100.0 * static_cast<double>(stats.suitable) / targets, 1),
                  " %), outliers ", stats.outliers, "\nscores       median ",
                  stats.score_quantiles[3], ", from ", stats.score_quantiles.front(), " to ",
                  stats.score_quantiles.back(), "\nsha256       ", manifest.indices_sha256,
                  " (indices.npy)\ntime         ", human_seconds(seconds), ", ",
                  decimal(targets / std::max(seconds, 1e-9), 0), " targets a second on ", device,
                  ", ", arguments.threads, " threads\n"));
}

void mine(const MineArguments& arguments) {
  check(arguments);
  if (arguments.groups.empty()) {
    std::cerr << "no duplicate groups given (--groups): only a pair itself and pairs above the "
                 "ceiling count as duplicates\n";
  }
  const double start = monotonic_seconds();
  const mining::MiningDevice asked = mining::mining_device(arguments.device, 0, arguments.mining);
  const mining::MiningSession session({.image_embeddings = arguments.images,
                                       .text_embeddings = arguments.texts,
                                       .duplicate_groups = arguments.groups,
                                       .quarantine = {}},
                                      arguments.mining, arguments.threads, 1, asked);
  const std::string& device = session.device();
  if (arguments.mining.method == config::MiningMethod::kFast &&
      arguments.mining.pool_size > session.pairs()) {
    std::cerr << "the pool of " << arguments.mining.pool_size << " holds all " << session.pairs()
              << " pairs: this is exact mining\n";
  }
  const mining::TableProvenance provenance{
      .corpus_fingerprint = fingerprint_of(arguments.groups, session.pairs()),
      .config_digest = {},
      .embeddings_digest = mining::embeddings_digest(arguments.images, arguments.texts),
      .recall = session.recall()};
  ProgressLine progress("mining", "targets");
  const store::HardPairManifest manifest =
      mining::mine_table(session, arguments.mining, 1, provenance, arguments.out,
                         [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
  const double seconds = monotonic_seconds() - start;
  const mining::TableStats stats = mining::table_stats(store::HardPairTable::open(arguments.out));
  if (arguments.json) {
    print_json(json_of(arguments, manifest, stats, device, seconds));
  } else {
    print(arguments, manifest, stats, device, seconds);
  }
}

// Adds the option for one key of the section mining, with the key's meaning as its help.
template <typename Value>
void add_mining_option(CLI::App& command, config::MiningConfig& mining,
                       const config::Field<config::MiningConfig, Value>& field) {
  Value& value = mining.*field.member;
  const std::string option = mining_option(field.name), meaning(field.meaning);
  if constexpr (config::Choice<Value>) {
    add_choice(command, option, value, cat(meaning, " One of ", config::all_names<Value>(), "."));
  } else if constexpr (std::is_same_v<Value, std::string>) {
    as_path(command.add_option(option, value, meaning));
  } else if constexpr (std::is_arithmetic_v<Value>) {
    command.add_option(option, value, meaning)->capture_default_str();
  } else {
    command.add_option(option, value, meaning);  // no default
  }
}

}  // namespace

void add_mine_command(CLI::App& app, int& /*exit_code*/) {
  auto* const command =
      app.add_subcommand("mine", "Mine hard pairs over .npy embeddings, in this process");
  const auto arguments = std::make_shared<MineArguments>();
  as_path(command->add_option("--image-embeddings", arguments->images,
                              "clip-retrieval folder (img_emb inside or itself) or .npy"))
      ->required();
  as_path(command->add_option("--text-embeddings", arguments->texts,
                              "clip-retrieval folder (text_emb inside or itself) or .npy"))
      ->required();
  as_path(
      command->add_option("--out", arguments->out, "folder of the hard-pair table; must not exist"))
      ->required();
  config::for_each_field<config::MiningConfig>([&](const auto& field) {
    if (!is_of_tasks(field.name)) add_mining_option(*command, arguments->mining, field);
  });
  as_path(
      command->add_option("--groups", arguments->groups,
                          "folder with image_group.npy and caption_group.npy (a corpus folder)"));
  command
      ->add_option("--threads", arguments->threads, "threads; the result does not depend on them")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1024U));
  add_choice(*command, "--device", arguments->device,
             "auto, cpu or cuda; the result does not depend on it")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  command->add_flag("--json", arguments->json, "print the summary as JSON");
  command->callback([arguments] {
    try {
      mine(*arguments);
    } catch (const ConfigError& error) {
      throw with_option(error);
    }
  });
}

}  // namespace helip::cli
