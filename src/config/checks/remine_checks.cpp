#include "config/checks/section_checks.h"

namespace helip::config {

void check(const RunConfig& config, const RemineConfig& remine, Checks& checks) {
  const bool on = remine.every_steps > 0 || remine.every_epochs > 0;
  if (remine.every_steps > 0 && remine.every_epochs > 0) {
    checks.fail("remine.every_epochs",
                {.what = "both remine.every_steps and remine.every_epochs are given",
                 .expected = "one of them"});
  }
  checks.that(on || remine.lag_steps == 0, "remine.lag_steps",
              "0 without remine.every_steps or remine.every_epochs", remine.lag_steps);
  checks.that(on || remine.workers == 0, "remine.workers",
              "0 without remine.every_steps or remine.every_epochs", remine.workers);
  if (!on) return;
  checks.that(remine.workers < config.launcher.workers, "remine.workers",
              cat("fewer than launcher.workers (", config.launcher.workers, ")"), remine.workers);
  checks.that(remine.workers == 0 || remine.lag_steps > 0, "remine.lag_steps",
              "above 0 with remine.workers, or training waits while they mine", remine.lag_steps);
  checks.that(config.train.hard_pairs == HardPairs::kMined, "remine", "train.hard_pairs: mined",
              config.train.hard_pairs);
  checks.that(config.encoder.source == EncoderSource::kModel && !config.encoder.model, "remine",
              "the tuned model as the encoder (encoder.source: model, no encoder.model)",
              config.encoder.model ? "encoder.model" : cat(config.encoder.source));
}

}  // namespace helip::config
