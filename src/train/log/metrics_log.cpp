#include "train/log/metrics_log.h"

#include <utility>

#include "common/json.h"
#include "common/publish.h"
#include "train/log/step_lines.h"

namespace helip::train {

MetricsLog::MetricsLog(std::filesystem::path file, std::uint64_t seed, std::uint64_t resumed_step)
    : file_(std::move(file)) {
  cut_step_lines(file_, seed, resumed_step);
}

void MetricsLog::append(const MetricsLine& line) const {
  OrderedJson entry = {{"seed", line.seed},
                       {"step", line.step},
                       {"epoch", line.epoch},
                       {"loss", line.loss},
                       {"contrastive_loss", line.contrastive_loss},
                       {"margin_loss", line.margin_loss},
                       {"lr", line.lr},
                       {"logit_scale", line.logit_scale},
                       {"samples_per_second", line.samples_per_second},
                       {"data_time", line.data_time},
                       {"batch_time", line.batch_time},
                       {"checkpoint_stall", line.checkpoint_stall},
                       {"peak_memory", line.peak_memory}};
  if (line.peak_device_memory > 0) entry["peak_device_memory"] = line.peak_device_memory;
  if (line.margin_shares) {
    entry["violated_share"] = line.margin_shares->violated;
    entry["hard_pair_rank"] = line.margin_shares->hard_pair_rank;
    entry["false_negative_share"] = line.margin_shares->false_negative;
  }
  if (line.ssl) {
    entry["ssl_loss"] = line.ssl->loss;
    entry["ssl_acc"] = line.ssl->accuracy;
  }
  append_line(file_, entry.dump());
}

}  // namespace helip::train
