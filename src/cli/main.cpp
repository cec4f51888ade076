// helip: the person's program.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "cli/commands/commands.h"
#include "cli/guarded_main.h"
#include "common/error.h"
#include "rpc/version.h"

namespace {

// CLI11 would only say that a subcommand is missing.
void check_command(const CLI::App& app, int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  if (word.empty() || word.starts_with('-')) return;
  std::string known;
  for (const CLI::App* const command : app.get_subcommands({})) {
    if (command->get_name() == word) return;
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  throw helip::ConfigError(
      {.what = "no such command", .where = "helip", .expected = known, .found = word});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"HELIP mines hard image-text pairs and fine-tunes CLIP models with them.", "helip"};
  app.set_version_flag("--version", "helip " + helip::rpc::build_name());
  app.require_subcommand(1);
  int exit_code = helip::kExitDone;
  helip::cli::add_run_command(app, exit_code);
  helip::cli::add_status_command(app, exit_code);
  helip::cli::add_data_command(app, exit_code);
  helip::cli::add_embed_command(app, exit_code);
  helip::cli::add_mine_command(app, exit_code);
  helip::cli::add_pairs_command(app, exit_code);
  helip::cli::add_eval_command(app, exit_code);
  helip::cli::add_convert_command(app, exit_code);
  helip::cli::add_report_command(app, exit_code);
  helip::cli::add_experiment_command(app, exit_code);
  helip::cli::add_config_command(app, exit_code);
  helip::cli::add_doctor_command(app, exit_code);
  try {
    return helip::cli::guarded_main([&] {
      check_command(app, argc, argv);
      helip::cli::parse_words(app, argc, argv);
      return exit_code;
    });
  } catch (const CLI::ParseError& help) {
    return app.exit(help, std::cout, std::cerr);
  }
}
