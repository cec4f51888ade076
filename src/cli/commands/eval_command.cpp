// helip eval: scores of one model on one data set in clip_benchmark's layout, in this process.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/model_argument.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "cli/progress_line.h"
#include "common/output_place.h"
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
  std::vector<std::string> tasks;
  std::string feature_cache;
  std::string json_file;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
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

void evaluate(const EvalArguments& arguments) {
  eval::EvalSpec spec = arguments.spec;
  if (!arguments.json_file.empty() && arguments.json_file != "-") {
    check_output_place(arguments.json_file, "--json", Existing::kReplaced);
  }
  spec.model = resolve_model(arguments.model);
  expect_trust(spec.model);
  spec.dataset.name = last_name(spec.dataset.path);
  for (const std::string& task : arguments.tasks) {
    spec.dataset.tasks.push_back(config::read_choice<config::EvalTask>(task, "--task"));
  }
  spec.pretrained = arguments.model.model;
  spec.feature_cache = arguments.feature_cache;
  if (spec.model.name.empty()) spec.model.name = last_name(spec.model.architecture);
  const engine::Engine& engine = engine::engine();
  engine.set_threads(static_cast<int>(arguments.threads));
  std::vector<eval::EvalResult> results;
  {
    ProgressLine progress("evaluation", "images and texts");
    results = engine.run_eval_job(
        spec, [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
  }
  if (arguments.json_file == "-") {
    std::cout << eval::to_json(results);
    return;
  }
  if (!arguments.json_file.empty()) eval::write_results(arguments.json_file, results);
  print(results);
}

}  // namespace

void add_eval_command(CLI::App& app, int& /*exit_code*/) {
  auto* const command =
      app.add_subcommand("eval", "Score a model on a data set in clip_benchmark's layout");
  const auto arguments = std::make_shared<EvalArguments>();
  eval::EvalSpec& spec = arguments->spec;
  add_model_options(*command, arguments->model);
  as_path(command->add_option("--dataset", spec.dataset.path, "folder of the data set"))
      ->required();
  command
      ->add_option("--task", arguments->tasks,
                   "zero_shot, retrieval or linear_probe; several as a,b or one by one")
      ->required()
      ->delimiter(',')
      ->check(CLI::IsMember({"zero_shot", "retrieval", "linear_probe"}));
  command->add_option("--split", spec.dataset.split, "split that is scored")->capture_default_str();
  as_path(command->add_option(
      "--json", arguments->json_file,
      "write the results in clip_benchmark's form to this file (-: to stdout)"));
  command->add_option("--recall-k", spec.options.recall_k, "K of recall@K; several as 1,5,10")
      ->capture_default_str()
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  command->add_option("--probe-l2", spec.options.probe_l2, "L2 weight of the linear probe")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--batch-size", spec.options.batch_size, "samples per forward")
      ->capture_default_str()
      ->check(CLI::Range(1U, 65536U));
  as_path(command->add_option("--feature-cache", arguments->feature_cache,
                              "folder that keeps the features of frozen towers"));
  command->add_option("--device", spec.device, "cpu or cuda:I")->capture_default_str();
  command->add_option("--threads", arguments->threads, "threads of the engine")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1024U));
  command->callback([arguments] { evaluate(*arguments); });
}

}  // namespace helip::cli
