#include "config/validate.h"

#include "config/checks/check_limits.h"
#include "config/checks/section_checks.h"

namespace helip::config {

std::optional<char> csv_separator_of(const std::string& text) {
  if (text == "auto") return '\0';
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1 || text[0] == '"' || text[0] == '\n' || text[0] == '\r') return std::nullopt;
  return text[0];
}

std::optional<Violation> first_violation(const RunConfig& config) {
  Checks checks;
  check_limits(config, checks);
  check(config.encoder, checks);
  check(config.mining, checks);
  check(config, config.train, checks);
  check(config, config.remine, checks);
  check(config.scores, checks);
  check(config, config.early_stop, checks);
  check(config.eval, checks);
  check(config.coordinator, checks);
  check_margins_on_device(config, checks);
  return checks.violation();
}

std::optional<Violation> first_violation(const MiningConfig& mining) {
  Checks checks;
  check_limits(mining, checks);
  check(mining, checks);
  return checks.violation();
}

std::optional<Violation> first_violation(const SuiteConfig& suite) {
  Checks checks;
  check_limits(suite, checks);
  check(suite.eval, checks);
  check(suite, checks);
  return checks.violation();
}

void validate(const RunConfig& config) {
  if (auto violation = first_violation(config)) {
    violation->problem.where = violation->key;
    throw ConfigError(violation->problem);
  }
}

}  // namespace helip::config
