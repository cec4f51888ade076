#include "experiment/arms.h"

#include <algorithm>
#include <map>

#include "common/error.h"
#include "common/text.h"
#include "config/budget.h"
#include "experiment/append.h"

namespace helip::experiment {
namespace {

constexpr std::uint64_t kLargerBatch = 4;

// The budget as pairs, where it is not given as epochs: an arm of a larger batch then takes fewer
// steps, not more pairs. It is whole batches of the larger size, so that no arm rounds it up.
config::Settings budget_in_pairs(const config::TrainConfig& train) {
  const std::uint64_t batch = config::global_batch_size(train);
  const std::uint64_t pairs = train.steps > 0 ? train.steps * batch : train.pairs;
  if (pairs == 0) return {};
  const std::uint64_t larger = kLargerBatch * batch;
  return {"train.steps=0", cat("train.pairs=", (pairs + larger - 1) / larger * larger)};
}

std::map<std::string, config::Settings> known_arms(const config::TrainConfig& train) {
  const auto part = [](std::uint64_t steps) { return (steps + kLargerBatch - 1) / kLargerBatch; };
  return {
      {"continued", {"train.hard_pairs=none"}},
      {"random", {"train.hard_pairs=random", "loss.margin_weight=0"}},
      {"hard_pairs", {"loss.margin_weight=0"}},
      {"batch_4x",
       {"train.hard_pairs=none",
        cat("train.seeds_per_batch=", kLargerBatch * train.seeds_per_batch),
        cat("train.warmup=", part(train.warmup)),
        cat("train.optimizer_warmup=", part(train.optimizer_warmup))}},
      {"remine", {"remine.every_epochs=1"}},
      {"helip", {}},
  };
}

}  // namespace

std::vector<Arm> resolve_arms(const config::ExperimentConfig& experiment,
                              const config::RunConfig& tune, const std::string& where) {
  std::map<std::string, Arm> arms;
  for (const auto& [name, set] : known_arms(tune.train)) {
    arms[name] = {name, budget_in_pairs(tune.train), experiment.choose.tries};
    append(set, arms[name].set);
  }
  const auto expect = [&](const std::string& name, const std::string& key) {
    if (arms.contains(name)) return;
    std::string known;
    for (const auto& [other, arm] : arms) known += (known.empty() ? "" : ", ") + other;
    throw ConfigError({.what = "unknown arm",
                       .where = cat(where, ": ", key),
                       .expected = "one of " + known,
                       .found = name});
  };
  for (const config::ArmConfig& defined : experiment.define) {
    if (!defined.like.empty()) expect(defined.like, cat("define: ", defined.name, ".like"));
    const std::string& like = !defined.like.empty()         ? defined.like
                              : arms.contains(defined.name) ? defined.name
                                                            : std::string("helip");
    Arm arm = arms.at(like);
    arm.name = defined.name;
    append(defined.set, arm.set);
    if (!defined.tries.empty()) arm.tries = defined.tries;
    arms[defined.name] = std::move(arm);
  }
  std::vector<Arm> out;
  for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
    expect(experiment.arms[i], cat("arms[", i, "]"));
    out.push_back(arms.at(experiment.arms[i]));
  }
  return out;
}

}  // namespace helip::experiment
