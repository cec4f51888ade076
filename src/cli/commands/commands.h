// The subcommands of `helip`, one .cpp each. Each function adds its subcommand to `app`; the
// subcommand's callback does the work and sets `exit_code`, which must outlive `app`. Errors are
// thrown (common/error.h); main turns them into one line and an exit code.
#pragma once

#include <CLI/CLI.hpp>

namespace helip::cli {

void add_run_command(CLI::App& app, int& exit_code);      // run
void add_status_command(CLI::App& app, int& exit_code);   // status
void add_data_command(CLI::App& app, int& exit_code);     // data import | check
void add_mine_command(CLI::App& app, int& exit_code);     // mine
void add_pairs_command(CLI::App& app, int& exit_code);    // pairs stats | show | export | compare
void add_embed_command(CLI::App& app, int& exit_code);    // embed
void add_eval_command(CLI::App& app, int& exit_code);     // eval
void add_convert_command(CLI::App& app, int& exit_code);  // convert
void add_report_command(CLI::App& app, int& exit_code);   // report
void add_experiment_command(CLI::App& app, int& exit_code);  // experiment
void add_config_command(CLI::App& app, int& exit_code);      // config show | explain
void add_doctor_command(CLI::App& app, int& exit_code);      // doctor

}  // namespace helip::cli
