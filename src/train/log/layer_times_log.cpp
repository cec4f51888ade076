#include "train/log/layer_times_log.h"

#include <utility>

#include "common/json.h"
#include "common/publish.h"
#include "train/log/step_lines.h"

namespace helip::train {

LayerTimesLog::LayerTimesLog(std::filesystem::path file, std::uint64_t seed,
                             std::uint64_t resumed_step)
    : file_(std::move(file)), seed_(seed) {
  cut_step_lines(file_, seed, resumed_step);
}

void LayerTimesLog::append(std::uint64_t step, const StepSeconds& seconds,
                           const std::vector<model::LayerSeconds>& layers) const {
  OrderedJson entry = {{"seed", seed_},
                       {"step", step},
                       {"forward", seconds.forward},
                       {"loss", seconds.loss},
                       {"backward", seconds.backward},
                       {"averaging", seconds.averaging},
                       {"optimizer", seconds.optimizer},
                       {"layers", OrderedJson::array()}};
  for (const model::LayerSeconds& layer : layers) {
    entry["layers"].push_back(
        {{"name", layer.name}, {"forward", layer.forward}, {"backward", layer.backward}});
  }
  append_line(file_, entry.dump());
}

}  // namespace helip::train
