// helip eval: scores of one model on one data set or on a suite of them, in this process.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/eval_outputs.h"
#include "cli/commands/eval_suite.h"
#include "cli/model_argument.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "cli/progress_line.h"
#include "common/error.h"
#include "common/output_place.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "config/read_choice.h"
#include "engine/engine.h"
#include "eval/eval_job.h"
#include "eval/results.h"

namespace helip::cli {
namespace {

struct EvalArguments {
  ModelArgument model;
  eval::EvalSpec spec;
  SuiteArguments suite;
  std::vector<std::string> tasks;
  std::string equal_captions, probe;
  std::string feature_cache;
  std::string json_file;
  std::string out;
  std::uint32_t threads = 0;  // 0: all cores for one data set, one for each worker of a suite
};

std::string last_name(const std::string& path) {
  const std::filesystem::path normal = std::filesystem::absolute(path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

// One line per metric; fractions as in the file.
void print(const std::vector<eval::EvalResult>& results) {
  std::size_t width = 0;
  for (const auto& result : results) {
    for (const auto& [name, value] : result.metrics) width = std::max(width, name.size());
  }
  for (const auto& result : results) {
    print_lines(
        cat(printable(result.dataset), ", ", result.task, ", ", printable(result.model), "\n"));
    for (const auto& [name, value] : result.metrics) {
      print_lines(
          cat("  ", name, std::string(width - name.size() + 2, ' '), decimal(value, 4), "\n"));
    }
  }
}

// One data set, as the options say.
void evaluate_dataset(const EvalArguments& arguments, eval::EvalSpec spec) {
  spec.dataset.name = last_name(spec.dataset.path);
  for (const std::string& task : arguments.tasks) {
    spec.dataset.tasks.push_back(config::read_choice<config::EvalTask>(task, "--task"));
  }
  if (spec.dataset.tasks.empty()) {
    throw ConfigError({.what = "nothing to score",
                       .where = "--task",
                       .expected = config::all_names<config::EvalTask>(),
                       .found = "none"});
  }
  const bool to_file = !arguments.json_file.empty() && arguments.json_file != "-";
  if (to_file && spec.dataset.tasks.size() > 1) {
    throw ConfigError({.what = "a file in clip_benchmark's form holds one result",
                       .where = "--json",
                       .expected = "one task, or --out FOLDER for a file each",
                       .found = cat(spec.dataset.tasks.size(), " tasks")});
  }
  spec.options.equal_captions =
      config::read_choice<config::EqualCaptions>(arguments.equal_captions, "--equal-captions");
  spec.options.probe = config::read_choice<config::ProbeMethod>(arguments.probe, "--probe");
  if (!arguments.out.empty()) check_outputs(arguments.out, spec, {spec.dataset});
  const engine::Engine& engine = engine::engine();
  engine.set_threads(static_cast<int>(arguments.threads > 0
                                          ? arguments.threads
                                          : std::max(1U, std::thread::hardware_concurrency())));
  std::vector<eval::EvalResult> results;
  {
    ProgressLine progress("evaluation", "images and texts");
    results = engine.run_eval_job(
        spec, [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
  }
  if (!arguments.out.empty()) write_outputs(arguments.out, results);
  if (arguments.json_file == "-") {
    for (const eval::EvalResult& result : results) std::cout << eval::to_json(result);
    return;
  }
  if (to_file) eval::write_result(arguments.json_file, results.at(0));
  print(results);
}

void evaluate(const EvalArguments& arguments) {
  eval::EvalSpec spec = arguments.spec;
  if (!arguments.json_file.empty() && arguments.json_file != "-") {
    check_output_place(arguments.json_file, "--json", Existing::kReplaced);
  }
  if (!arguments.out.empty() && !is_folder(arguments.out)) {
    check_output_place(arguments.out, "--out");
  }
  spec.model = resolve_model(arguments.model);
  expect_trust(spec.model);
  spec.pretrained = arguments.model.model;
  spec.feature_cache = arguments.feature_cache;
  spec.cache_embeddings = true;
  if (spec.model.name.empty()) spec.model.name = last_name(spec.model.architecture);
  if (arguments.suite.file.empty()) {
    evaluate_dataset(arguments, std::move(spec));
    return;
  }
  SuiteArguments suite = arguments.suite;
  suite.out = arguments.out;
  suite.json_file = arguments.json_file;
  suite.threads = std::max(1U, arguments.threads);
  evaluate_suite(suite, spec);
}

// The options of one data set; a suite's file has keys for them.
void add_dataset_options(CLI::App& command, EvalArguments& arguments, CLI::Option* suite) {
  eval::EvalSpec& spec = arguments.spec;
  auto* const dataset =
      as_path(command.add_option("--dataset", spec.dataset.path, "folder of the data set"));
  auto* const task =
      command
          .add_option("--task", arguments.tasks,
                      "zero_shot, retrieval or linear_probe; several as a,b or one by one")
          ->delimiter(',')
          ->check(CLI::IsMember({"zero_shot", "retrieval", "linear_probe"}));
  auto* const split = command.add_option("--split", spec.dataset.split, "split that is scored")
                          ->capture_default_str();
  auto* const validation =
      command.add_option("--validation-split", spec.dataset.validation_split,
                         "split on which the linear probe's L2 weight is chosen");
  auto* const recall_k =
      command.add_option("--recall-k", spec.options.recall_k, "K of recall@K; several as 1,5,10")
          ->capture_default_str()
          ->delimiter(',')
          ->check(CLI::PositiveNumber);
  arguments.equal_captions = config::name_of(spec.options.equal_captions);
  auto* const equal =
      command
          .add_option("--equal-captions", arguments.equal_captions,
                      "hits, or strict: only an image's own captions are right, as in "
                      "clip_benchmark")
          ->capture_default_str()
          ->check(CLI::IsMember({"hits", "strict"}));
  arguments.probe = config::name_of(spec.options.probe);
  auto* const probe = command.add_option("--probe", arguments.probe, "recipe of the linear probe")
                          ->capture_default_str()
                          ->check(CLI::IsMember({"lbfgs", "clip_benchmark"}));
  auto* const l2 = command
                       .add_option("--probe-l2", spec.options.probe_l2,
                                   "L2 weight of the lbfgs probe; 0: chosen on validation samples")
                       ->capture_default_str()
                       ->check(CLI::NonNegativeNumber);
  auto* const shots = command
                          .add_option("--fewshot-k", spec.options.fewshot_k,
                                      "training samples of each class for the probe; 0: all")
                          ->capture_default_str();
  auto* const seed =
      command.add_option("--probe-seed", spec.options.probe_seed, "seed of the probe")
          ->capture_default_str();
  auto* const batch =
      command.add_option("--batch-size", spec.options.batch_size, "samples per forward")
          ->capture_default_str()
          ->check(CLI::Range(1U, 65536U));
  for (auto* const option :
       {dataset, task, split, validation, recall_k, equal, probe, l2, shots, seed, batch}) {
    suite->excludes(option);
  }
}

}  // namespace

void add_eval_command(CLI::App& app, int& /*exit_code*/) {
  auto* const command =
      app.add_subcommand("eval", "Score a model on a data set, or on a suite of data sets");
  const auto arguments = std::make_shared<EvalArguments>();
  add_model_options(*command, arguments->model);
  auto* const suite = as_path(command->add_option(
      "--suite", arguments->suite.file, "YAML file that lists data sets (configs/suites)"));
  add_dataset_options(*command, *arguments, suite);
  as_path(command->add_option("--data-root", arguments->suite.data_root,
                              "folder in which the suite's relative paths begin"))
      ->needs(suite);
  command
      ->add_flag("--skip-missing", arguments->suite.skip_missing,
                 "leave out data sets of the suite that are not there, and say so")
      ->needs(suite);
  command
      ->add_option("--workers", arguments->suite.workers,
                   "data sets of the suite at a time (default: one for each core or GPU)")
      ->needs(suite)
      ->check(CLI::Range(1U, 1024U));
  as_path(command->add_option("--json", arguments->json_file,
                              "write the result in clip_benchmark's form, or a suite's table, to "
                              "this file (-: to stdout)"));
  as_path(command->add_option("--out", arguments->out,
                              "folder for a file of each result in clip_benchmark's form"));
  as_path(command->add_option("--feature-cache", arguments->feature_cache,
                              "folder that keeps features and embeddings"));
  command
      ->add_option("--device", arguments->spec.device,
                   "cpu or cuda:I; cuda for a suite: a GPU each")
      ->capture_default_str();
  command
      ->add_option("--threads", arguments->threads,
                   "threads of the engine (default: all cores; of a suite one for each worker)")
      ->check(CLI::Range(1U, 1024U));
  command->callback([arguments, suite] {
    if (suite->empty() && arguments->spec.dataset.path.empty()) {
      throw ConfigError({.what = "nothing to score",
                         .where = "helip eval",
                         .expected = "--dataset FOLDER --task TASK, or --suite FILE",
                         .found = "neither"});
    }
    evaluate(*arguments);
  });
}

}  // namespace helip::cli
