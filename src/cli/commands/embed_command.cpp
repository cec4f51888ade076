// helip embed: embeddings of a corpus in clip-retrieval layout, in this process.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/choice_option.h"
#include "cli/commands/commands.h"
#include "cli/model_argument.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "cli/progress_line.h"
#include "common/error.h"
#include "common/json.h"
#include "common/output_place.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/run_config.h"
#include "data/corpus/corpus.h"
#include "data/corpus/manifest.h"
#include "data/corpus/reason_count.h"
#include "data/import/open_or_index.h"
#include "engine/engine.h"
#include "mining/encode/encode_job.h"
#include "mining/encode/merge_embeddings.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;
constexpr int kSchemaVersion = 1;
constexpr std::uint64_t kBatchesPerPart = 64;

struct EmbedArguments {
  ModelArgument model;
  config::CorpusConfig corpus;
  config::EncoderConfig encoder;
  std::string out;
  std::string device = "cpu";
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool json = false;
};

// Encodes the corpus part by part, so that memory does not grow with it.
std::vector<mining::TaskResult> encode_parts(mining::EncodeSession& session, std::uint64_t pairs,
                                             std::uint64_t part, const fs::path& folder) {
  fs::create_directories(folder);
  std::vector<mining::TaskResult> results;
  ProgressLine progress("embedding", "pairs");
  for (std::uint64_t first = 0; first < pairs; first += part) {
    const std::uint64_t count = std::min(part, pairs - first);
    const fs::path file = folder / cat(first, ".safetensors");
    session.encode(first, count, file, {},
                   [&](std::uint64_t done, std::uint64_t) { progress(first + done, pairs); });
    results.push_back({{first, count}, file});
  }
  return results;
}

// What is no pair of the corpus, by reason.
data::ReasonCount left_out_of(const fs::path& corpus) {
  data::ReasonCount reasons;
  for (const fs::path& list : data::left_out_lists(corpus)) {
    for (const auto& [reason, count] : data::count_reasons(list)) reasons[reason] += count;
  }
  return reasons;
}

void embed(const EmbedArguments& arguments) {
  const fs::path out = without_last_slash(fs::absolute(arguments.out).lexically_normal());
  check_output_place(out, "--out");
  const mining::EncodeConfig config{
      .corpus = arguments.corpus,
      .model = resolve_model(arguments.model,
                             arguments.encoder.source == config::EncoderSource::kTowers),
      .encoder = arguments.encoder};
  expect_trust(config.model);

  const engine::Engine& engine = engine::engine();
  engine.set_threads(static_cast<int>(arguments.threads));
  // Everything that is not finished yet. Only its maker removes it.
  const fs::path partial = out.string() + ".partial";
  if (!fs::create_directories(partial)) {
    throw ConfigError({.what = "another embed works here or was killed; remove its folder",
                       .where = partial.string()});
  }
  const StagingFolder staging(partial);
  const fs::path finished = staging.path() / "finished";
  const fs::path corpus = data::open_or_index(config.corpus, finished / "corpus");
  const std::uint64_t pairs = data::read_manifest(corpus / "manifest.json").pairs;
  const double limit = config.corpus.max_quarantined;
  data::refuse_too_many(pairs, limit, corpus);
  const data::ReasonCount left_out = left_out_of(corpus);

  const auto session =
      engine.open_encode_session(config, corpus, arguments.encoder.feature_cache, arguments.device);
  const auto results = encode_parts(*session, pairs, kBatchesPerPart * config.encoder.batch_size,
                                    staging.path() / "parts");
  ProgressLine progress("joining", "pairs");
  const mining::EncodeSummary summary = mining::merge_embeddings(
      results, pairs,
      {.embeddings = finished, .features = finished / "features", .quarantine = finished},
      [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
  data::refuse_too_many(pairs, limit, corpus, finished / "quarantine.jsonl");
  publish_folder(finished, out);

  if (arguments.json) {
    const OrderedJson json = {{"schema_version", kSchemaVersion},
                              {"out", arguments.out},
                              {"pairs", summary.samples},
                              {"quarantined", summary.quarantined},
                              {"left_out", left_out},
                              {"image_dim", summary.image_dim},
                              {"text_dim", summary.text_dim},
                              {"embeddings_digest", summary.embeddings_digest}};
    print_json(json);
  } else {
    print_lines(cat("embeddings   ", printable(arguments.out), "\npairs        ", summary.samples,
                    ", ", summary.quarantined, " quarantined\nwidth        ", summary.image_dim,
                    " image, ", summary.text_dim, " text\nsha256       ", summary.embeddings_digest,
                    "\n"));
    for (const auto& [reason, count] : left_out)
      print_lines(cat("left out     ", count, ": ", printable(reason), "\n"));
  }
}

}  // namespace

void add_embed_command(CLI::App& app, int& /*exit_code*/) {
  auto* const command =
      app.add_subcommand("embed", "Embed a corpus in clip-retrieval layout, in this process");
  const auto arguments = std::make_shared<EmbedArguments>();
  // What is unusable is counted and named; whether it is too much is for the user to judge.
  arguments->corpus.max_quarantined = 1;
  add_model_options(*command, arguments->model);
  as_path(command->add_option("--corpus", arguments->corpus.path,
                              "corpus folder with manifest.json, or WebDataset tars"))
      ->required();
  as_path(command->add_option("--out", arguments->out, "folder of the embeddings; must not exist"))
      ->required();
  command
      ->add_option("--caption-key", arguments->corpus.caption_key,
                   "field of a sample's .json that holds its caption")
      ->capture_default_str();
  command
      ->add_option("--max-left-out", arguments->corpus.max_quarantined,
                   "share of the samples that may be left out or unusable")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  add_choice(*command, "--source", arguments->encoder.source,
             "model, or towers: the frozen towers' own features")
      ->check(CLI::IsMember({"model", "towers"}));
  command->add_option("--batch-size", arguments->encoder.batch_size, "samples per forward")
      ->capture_default_str()
      ->check(CLI::Range(1U, 65536U));
  as_path(command->add_option("--feature-cache", arguments->encoder.feature_cache,
                              "folder that keeps the features of frozen towers"));
  command->add_option("--device", arguments->device, "cpu or cuda:I")->capture_default_str();
  command->add_option("--threads", arguments->threads, "threads of the engine")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1024U));
  command->add_flag("--json", arguments->json, "print the summary as JSON");
  command->callback([arguments] { embed(*arguments); });
}

}  // namespace helip::cli
