#include "config/validate.h"

#include "config/section_checks.h"

namespace helip::config {
namespace {

// Mining would refuse it too, after hours of encoding.
void check_margins_on_device(const RunConfig& config, Checks& checks) {
  const MiningConfig& mining = config.mining;
  const bool margins = mining.absolute_margin || mining.relative_margin;
  if (!margins || config.train.hard_pairs != "mined" || mining.method != "exact") return;
  if (config.launcher.device != "cuda") return;
  checks.fail(mining.absolute_margin ? "mining.absolute_margin" : "mining.relative_margin",
              {.what = "a positive-aware margin is not mined on a GPU",
               .expected = "launcher.device: auto or cpu",
               .found = config.launcher.device});
}

}  // namespace

std::optional<char> csv_separator_of(const std::string& text) {
  if (text == "auto") return '\0';
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1 || text[0] == '"' || text[0] == '\n' || text[0] == '\r') return std::nullopt;
  return text[0];
}

std::optional<Violation> first_violation(const RunConfig& config) {
  Checks checks;
  check(config.corpus, checks);
  check(config.model, "model", checks);
  check(config.encoder, checks);
  check(config.mining, checks);
  check(config, config.train, checks);
  check(config, config.remine, checks);
  check(config.early_stop, checks);
  check(config.loss, checks);
  check(config.slip, checks);
  check(config.eval, checks);
  check(config.coordinator, checks);
  check(config.launcher, checks);
  check_margins_on_device(config, checks);
  checks.text_is_given(config.output.work_dir, "output.work_dir", "a folder");
  return checks.violation();
}

std::optional<Violation> first_violation(const MiningConfig& mining) {
  Checks checks;
  check(mining, checks);
  return checks.violation();
}

void validate(const RunConfig& config) {
  if (auto violation = first_violation(config)) {
    violation->problem.where = violation->key;
    throw ConfigError(violation->problem);
  }
}

}  // namespace helip::config
