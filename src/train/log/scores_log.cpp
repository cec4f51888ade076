#include "train/log/scores_log.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::train {
namespace {

void add(HeldOutScores& scores, HeldOutScore score) {
  const auto place =
      std::lower_bound(scores.begin(), scores.end(), score.step,
                       [](const HeldOutScore& a, std::uint64_t step) { return a.step < step; });
  if (place == scores.end() || place->step != score.step) scores.insert(place, std::move(score));
}

// clip_benchmark's text retrieval finds the text for an image.
std::string tag_of(const std::string& metric) {
  constexpr std::string_view kRecall = "_recall@";
  if (metric == "acc1") return "top1";
  if (metric == "acc5") return "top5";
  const std::size_t at = metric.find(kRecall);
  if (at == std::string::npos) return metric;
  const std::string kind = metric.substr(0, at);
  const std::string k = metric.substr(at + kRecall.size());
  if (kind == "text_retrieval") return "image_to_text_R@" + k;
  if (kind == "image_retrieval") return "text_to_image_R@" + k;
  return cat(kind, "_R@", k);
}

std::string split_of(const std::string& dataset, const config::ScoresConfig& config) {
  const auto found =
      std::find_if(config.datasets.begin(), config.datasets.end(),
                   [&](const config::ScoresDataset& each) { return each.name == dataset; });
  return found->split;
}

}  // namespace

ScoresLog::ScoresLog(std::filesystem::path file, std::uint64_t seed,
                     const std::optional<TrainState>& resumed)
    : file_(std::move(file)), seed_(seed) {
  if (resumed) known_ = resumed->held_out;
  if (file_.has_parent_path()) std::filesystem::create_directories(file_.parent_path());
  const std::string before = std::filesystem::exists(file_) ? read_text_file(file_) : "";
  std::istringstream lines(before);
  std::string line;
  std::string after;
  for (int number = 1; std::getline(lines, line); ++number) {
    try {
      const auto entry = OrderedJson::parse(line);
      HeldOutScore score = score_from(entry);
      if (entry.at("seed").get<std::uint64_t>() != seed) {
        after += line + "\n";
      } else if (resumed && score.step <= resumed->step) {
        add(known_, std::move(score));
      }
    } catch (const JsonError&) {
      log::warning(cat(file_.string(), ":", number, ": not a line of scores, left out"));
    }
  }
  for (const HeldOutScore& score : known_) after += line_of(score) + "\n";
  if (after != before) publish_file(file_, after);
}

void ScoresLog::append(const HeldOutScore& score) const { append_line(file_, line_of(score)); }

std::string ScoresLog::line_of(const HeldOutScore& score) const {
  const OrderedJson of_score = json_of(score);
  OrderedJson entry = {{"seed", seed_}};
  for (const auto& [key, value] : of_score.items()) entry[key] = value;
  return entry.dump();
}

EventFile::Scalars event_of(const HeldOutScore& score, const config::ScoresConfig& config) {
  EventFile::Scalars scalars;
  for (const HeldOutResult& result : score.results) {
    const std::string task = result.task == "zeroshot_retrieval" ? "retrieval" : "zeroshot";
    const std::string split = split_of(result.dataset, config);
    for (const auto& [metric, value] : result.metrics) {
      scalars.emplace_back(cat("val/", result.dataset, "-", task, "-", split, "-", tag_of(metric)),
                           value);
    }
  }
  return scalars;
}

}  // namespace helip::train
