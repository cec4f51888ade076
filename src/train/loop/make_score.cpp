#include "train/loop/make_score.h"

#include <string>

#include "common/error.h"
#include "common/text.h"
#include "train/checkpoint/early_stopping.h"

namespace helip::train {

HeldOutScore make_score(const TrainCallbacks& callbacks, const config::EarlyStopConfig& early_stop,
                        std::uint64_t step, const std::filesystem::path& checkpoint) {
  if (!callbacks.score) {
    throw ConfigError({.what = "nobody here can score held-out data sets",
                       .where = "scores.datasets",
                       .expected = "a training by workers",
                       .found = "another caller"});
  }
  HeldOutScore score{.step = step, .results = callbacks.score(checkpoint)};
  if (early_stop.metric.empty() || value_of(early_stop.metric, score)) return score;
  std::string expected;
  for (const HeldOutResult& result : score.results) {
    for (const auto& [name, value] : result.metrics) {
      expected += cat(expected.empty() ? "one of " : ", ", result.dataset, "/", name);
    }
  }
  throw ConfigError({.what = "the scores do not have this metric",
                     .where = "early_stop.metric",
                     .expected = expected,
                     .found = early_stop.metric});
}

}  // namespace helip::train
