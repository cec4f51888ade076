// helip config
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/path_option.h"
#include "config/parse.h"
#include "config/reference.h"

namespace helip::cli {
namespace {

struct ShowArguments {
  std::string config;
  std::vector<std::string> overrides;
};

struct ExplainArguments {
  std::string key;
  bool markdown = false;
};

// Whole lines, which another program may read.
void print(std::string_view text) { std::cout << text << std::flush; }

void show(const ShowArguments& arguments) {
  print(to_yaml(arguments.config.empty()
                    ? config::default_config(arguments.overrides)
                    : config::load_config(arguments.config, arguments.overrides)));
}

void explain(const ExplainArguments& arguments) {
  if (arguments.markdown) {
    print(config::reference_markdown());
    return;
  }
  print(config::explained(arguments.key.empty()
                              ? config::describe_keys()
                              : config::describe_key(arguments.key, "helip config explain")));
}

}  // namespace

void add_config_command(CLI::App& app, int& /*exit_code*/) {
  CLI::App* const command =
      app.add_subcommand("config", "Print the configuration of a job, or what its keys mean");
  command->require_subcommand(1);

  CLI::App* const shown =
      command->add_subcommand("show", "Print all keys with their values, as YAML");
  const auto what = std::make_shared<ShowArguments>();
  as_path(shown->add_option("--config", what->config,
                            "Configuration (YAML); without it the defaults are printed"));
  shown->add_option("--set", what->overrides, "A value of the configuration: train.lr=1e-4")
      ->allow_extra_args(false);
  shown->callback([what] { show(*what); });

  CLI::App* const explained =
      command->add_subcommand("explain", "Print type, default, limits and meaning of keys");
  const auto which = std::make_shared<ExplainArguments>();
  CLI::Option* const key =
      explained->add_option("KEY", which->key, "A key or a section; without it all keys");
  explained
      ->add_flag("--markdown", which->markdown, "Print all keys as docs/configuration.md has them")
      ->excludes(key);
  explained->callback([which] { explain(*which); });
}

}  // namespace helip::cli
