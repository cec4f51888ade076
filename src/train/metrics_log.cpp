#include "train/metrics_log.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>

#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::train {
namespace {

bool is_kept(const std::string& line, std::uint64_t seed, std::uint64_t resumed_step) {
  const auto entry = nlohmann::json::parse(line);
  return entry.at("seed").get<std::uint64_t>() != seed ||
         entry.at("step").get<std::uint64_t>() <= resumed_step;
}

}  // namespace

MetricsLog::MetricsLog(std::filesystem::path file, std::uint64_t seed, std::uint64_t resumed_step)
    : file_(std::move(file)) {
  if (file_.has_parent_path()) std::filesystem::create_directories(file_.parent_path());
  if (!std::filesystem::exists(file_)) return;
  const std::string before = read_text_file(file_);
  std::istringstream lines(before);
  std::string line;
  std::string after;
  for (int number = 1; std::getline(lines, line); ++number) {
    try {
      if (is_kept(line, seed, resumed_step)) after += line + "\n";
    } catch (const nlohmann::json::exception&) {
      log::warning(cat(file_.string(), ":", number, ": not a line of metrics, left out"));
    }
  }
  if (after != before) publish_file(file_, after);
}

void MetricsLog::append(const MetricsLine& line) const {
  nlohmann::ordered_json entry = {{"seed", line.seed},
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
