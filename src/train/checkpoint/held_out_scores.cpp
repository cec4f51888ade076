#include "train/checkpoint/held_out_scores.h"

namespace helip::train {

bool score_is_due(const config::ScoresConfig& config, const HeldOutScores& scores,
                  std::uint64_t step, std::uint64_t steps, std::uint64_t steps_per_epoch) {
  if (config.datasets.empty()) return false;
  if (!scores.empty() && scores.back().step >= step) return false;
  const std::uint64_t every =
      config.every_steps > 0 ? config.every_steps : config.every_epochs * steps_per_epoch;
  return step % every == 0 || step == steps;
}

OrderedJson json_of(const HeldOutScore& score) {
  OrderedJson results = OrderedJson::array();
  for (const HeldOutResult& result : score.results) {
    results.push_back(
        {{"dataset", result.dataset}, {"task", result.task}, {"metrics", result.metrics}});
  }
  OrderedJson json = {{"step", score.step}};
  json["results"] = results;
  return json;
}

HeldOutScore score_from(const OrderedJson& json) {
  HeldOutScore score{.step = json.at("step").get<std::uint64_t>(), .results = {}};
  for (const OrderedJson& entry : json.at("results")) {
    HeldOutResult& result = score.results.emplace_back();
    result.dataset = entry.at("dataset").get<std::string>();
    result.task = entry.at("task").get<std::string>();
    result.metrics = entry.at("metrics").get<std::map<std::string, double>>();
  }
  return score;
}

}  // namespace helip::train
