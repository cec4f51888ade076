// helip convert IN OUT: a checkpoint in another program's format.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cli/choice_option.h"
#include "cli/commands/commands.h"
#include "cli/model_argument.h"
#include "cli/path_option.h"
#include "cli/print.h"
#include "common/text.h"
#include "model/files/convert_job.h"

namespace helip::cli {
namespace {

struct ConvertArguments {
  ModelArgument in{.model_option = "IN", .model_config_option = "--model"};
  std::string out;
  std::optional<model::WeightsPrecision> precision;
};

std::string precisions(const std::set<std::string>& dtypes) {
  const std::map<std::string, std::string> names = {
      {"F16", "fp16"}, {"BF16", "bf16"}, {"F32", "fp32"}, {"F64", "fp64"}, {"I64", "int64"}};
  std::string text;
  for (const std::string& dtype : dtypes) {
    const auto name = names.find(dtype);
    text += (text.empty() ? "" : " and ") + (name == names.end() ? dtype : name->second);
  }
  return text;
}

void convert(const ConvertArguments& arguments) {
  const model::ConvertReport report = model::convert_weights({.model = resolve_model(arguments.in),
                                                              .out = arguments.out,
                                                              .precision = arguments.precision});
  const weights::CheckpointFacts& facts = report.facts;
  const std::string epoch = facts.epoch ? cat(", epoch ", *facts.epoch) : "";
  const std::string step = facts.step ? cat(", step ", *facts.step) : "";
  std::string not_read;
  for (const std::string& name : facts.other_models) {
    not_read += cat(not_read.empty() ? "\nnot read     " : ", ", printable(name));
  }
  print_lines(cat("read         ", printable(report.read.string()), "\nformat       ",
                  facts.container, ", names of ", weights::layout_name(facts.layout), epoch, step,
                  not_read, "\ntensors      ", report.tensors, ", ", report.elements, " numbers, ",
                  precisions(report.found), "\nwrote        ", printable(arguments.out),
                  "\nformat       ", report.kind, ", ", precisions(report.written), "\n"));
}

}  // namespace

void add_convert_command(CLI::App& app, int& /*exit_code*/) {
  auto* const command = app.add_subcommand(
      "convert", "Write a checkpoint as OpenCLIP's or SLIP's .pt, as safetensors or as a folder");
  const auto arguments = std::make_shared<ConvertArguments>();
  as_path(command->add_option("IN", arguments->in.model,
                              ".pt, .safetensors, OpenCLIP folder, finished model or checkpoint "
                              "of a work directory"))
      ->required();
  as_path(command->add_option("OUT", arguments->out,
                              "NAME.pt (.pth, .bin, .ckpt), NAME.safetensors, or a folder for "
                              "OpenCLIP; must not exist"))
      ->required();
  as_path(command->add_option("--model", arguments->in.model_config,
                              "architecture of a file that does not tell: a name, an OpenCLIP JSON "
                              "file or a model folder"));
  add_choice(*command, "--precision", arguments->precision,
             "fp32, fp16 or bf16; each tensor keeps its own without it");
  command->callback([arguments] { convert(*arguments); });
}

}  // namespace helip::cli
