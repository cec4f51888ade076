#include "report/job_record.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/parse.h"
#include "data/corpus/manifest.h"
#include "data/corpus/reason_count.h"
#include "eval/results.h"
#include "jobs/result_file.h"
#include "jobs/work_dir.h"

namespace helip::report {
namespace {

namespace fs = std::filesystem;

std::optional<double> number(const Json& line, const char* key) {
  if (!line.contains(key) || !line[key].is_number()) return std::nullopt;
  return line[key].get<double>();
}

void for_each_json_line(const fs::path& file, const char* damaged,
                        const std::function<void(const Json& object)>& take) {
  const std::string text = read_text_file(file);
  std::size_t row = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = std::string_view(text).substr(start, end - start);
    start = end + 1;
    ++row;
    if (line.empty()) continue;
    const Json json = Json::parse(line, {}, /*allow_exceptions=*/false);
    if (!json.is_object()) {
      throw StoreError({.what = damaged,
                        .where = cat(file.string(), ":", row),
                        .expected = "a JSON object in each line",
                        .found = cat(line.size(), " bytes that are none")});
    }
    take(json);
  }
}

// Lines without a step (events of other kinds) are not points of the curve.
std::map<std::uint64_t, std::vector<TrainPoint>> read_curves(const fs::path& file) {
  std::map<std::uint64_t, std::vector<TrainPoint>> curves;
  for_each_json_line(file, "damaged metrics", [&](const Json& json) {
    if (!json.contains("step") || !json["step"].is_number_unsigned()) return;
    const std::uint64_t seed = json.contains("seed") && json["seed"].is_number_unsigned()
                                   ? json["seed"].get<std::uint64_t>()
                                   : 0;
    curves[seed].push_back(
        {json["step"].get<std::uint64_t>(), number(json, "loss"), number(json, "contrastive_loss"),
         number(json, "margin_loss"), number(json, "lr"), number(json, "logit_scale"),
         number(json, "data_time"), number(json, "batch_time"), number(json, "ssl_loss")});
  });
  for (auto& [seed, points] : curves) {
    std::stable_sort(points.begin(), points.end(),
                     [](const TrainPoint& a, const TrainPoint& b) { return a.step < b.step; });
  }
  return curves;
}

std::map<std::uint64_t, std::vector<ScorePoint>> read_scores(const fs::path& file) {
  std::map<std::uint64_t, std::vector<ScorePoint>> scores;
  for_each_json_line(file, "damaged scores", [&](const Json& json) {
    try {
      std::vector<ScorePoint>& points = scores[json.at("seed").get<std::uint64_t>()];
      const auto step = json.at("step").get<std::uint64_t>();
      for (const Json& result : json.at("results")) {
        const auto dataset = result.at("dataset").get<std::string>();
        const auto task = result.at("task").get<std::string>();
        const auto metrics = result.at("metrics").get<std::map<std::string, double>>();
        for (const auto& [metric, value] : metrics) {
          points.push_back({step, {dataset, task, metric}, value});
        }
      }
    } catch (const JsonError& problem) {
      throw StoreError({.what = "damaged scores",
                        .where = file.string(),
                        .expected = "seed, step and results in each line",
                        .found = problem.what()});
    }
  });
  for (auto& [seed, points] : scores) {
    std::stable_sort(points.begin(), points.end(),
                     [](const ScorePoint& a, const ScorePoint& b) { return a.step < b.step; });
  }
  return scores;
}

// The folder with the highest number in WORK/hard_pairs, if any.
std::optional<fs::path> newest_table(const fs::path& folder) {
  std::optional<fs::path> newest;
  std::uint64_t highest = 0;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder, absent)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t number = 0;
    const auto [stop, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failure != std::errc{} || stop != name.data() + name.size() ||
        !fs::exists(entry.path() / "manifest.json"))
      continue;
    if (!newest || number > highest) {
      newest = entry.path();
      highest = number;
    }
  }
  return newest;
}

// Reads the results of finished trainings: of several attempts at one seed, the last one whose file
// is whole. A result of an earlier version, which lacks a key, is named in job.missing.
void read_trainings(const jobs::WorkDir& work_dir, JobRecord& job) {
  const config::TrainConfig& train = job.config.train;
  std::map<std::uint64_t, std::uint64_t> fences;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(work_dir.tasks(jobs::Stage::kTrain), absent)) {
    for (std::uint64_t seed = train.seed; seed < train.seed + train.repeats; ++seed) {
      const jobs::Task task =
          jobs::make_task(jobs::train_name(seed), {}, {}, jobs::TrainTask{.seed = seed});
      const auto attempt = jobs::attempt_in(entry.path().filename().string(), task);
      if (!attempt || attempt->fence < fences[seed]) continue;
      if (!sha256_hex(read_text_file(entry.path())).starts_with(attempt->digest_prefix)) continue;
      fences[seed] = attempt->fence;
      try {
        job.trainings[seed] = jobs::from_json<jobs::TrainResult>(
            jobs::read_committed_result(entry.path()), entry.path().string());
      } catch (const StoreError& problem) {
        job.missing.emplace_back(cat("what training has used: ", problem.what()));
      }
    }
  }
}

fs::path find_corpus(const jobs::WorkDir& work_dir) {
  if (fs::exists(work_dir.location())) {
    std::string line = read_text_file(work_dir.location());
    line.erase(std::find(line.begin(), line.end(), '\n'), line.end());
    if (fs::exists(fs::path(line) / "manifest.json")) return line;
    return {};
  }
  return fs::exists(work_dir.corpus() / "manifest.json") ? work_dir.corpus() : fs::path{};
}

// The model's folder in WORK/embeddings, the only one there.
fs::path find_embeddings(const jobs::WorkDir& work_dir) {
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(work_dir.all_embeddings(), absent)) {
    if (fs::is_directory(entry.path() / "img_emb") && fs::is_directory(entry.path() / "text_emb")) {
      return entry.path();
    }
  }
  return {};
}

}  // namespace

bool scores(const JobRecord& job, config::EvalTask task) {
  const auto& datasets = job.config.eval.datasets;
  return std::any_of(datasets.begin(), datasets.end(), [&](const config::EvalDataset& dataset) {
    return std::count(dataset.tasks.begin(), dataset.tasks.end(), task) > 0;
  });
}

JobRecord read_job(const fs::path& folder) {
  JobRecord job;
  const jobs::WorkDir work_dir(fs::weakly_canonical(fs::absolute(folder)));
  job.folder = work_dir.root();
  job.name = job.folder.filename().string();
  const fs::path config_file = work_dir.config();
  if (!fs::exists(config_file)) {
    throw StoreError({.what = "not a work directory",
                      .where = job.folder.string(),
                      .expected = "config.yaml, as helip run writes it",
                      .found = fs::exists(job.folder) ? "none" : "no such folder"});
  }
  job.config = config::load_config(config_file);

  const fs::path results = work_dir.results();
  if (fs::exists(results)) {
    job.metrics =
        collect_metrics(eval::results_from_json(read_text_file(results), results.string()));
    // Jobs of earlier versions have none.
    const fs::path recalls = work_dir.class_recalls();
    if (fs::exists(recalls)) {
      job.class_recalls = eval::class_recalls_from_json(read_text_file(recalls), recalls.string());
    }
  } else {
    job.missing.emplace_back("results.json: no held-out figures, the evaluation is not finished");
  }
  const fs::path metrics = work_dir.metrics();
  if (fs::exists(metrics)) job.curves = read_curves(metrics);
  if (fs::exists(work_dir.scores())) job.scores = read_scores(work_dir.scores());
  if (job.scores.empty() && !job.config.scores.datasets.empty()) {
    job.missing.emplace_back("scores.jsonl: no scores while training are recorded");
  }
  if (job.curves.empty()) job.missing.emplace_back("metrics.jsonl: no training steps are recorded");

  const fs::path quarantine = work_dir.quarantine();
  if (fs::exists(quarantine)) job.unusable = data::count_reasons(quarantine);
  job.corpus_folder = find_corpus(work_dir);
  if (!job.corpus_folder.empty()) {
    job.corpus_fingerprint = data::read_manifest(job.corpus_folder / "manifest.json").fingerprint;
    for (const fs::path& list : data::left_out_lists(job.corpus_folder)) {
      if (!fs::exists(list)) continue;
      for (const auto& [reason, count] : data::count_reasons(list)) job.unusable[reason] += count;
    }
  } else {
    job.missing.emplace_back(
        "the corpus: the folder that corpus/location.txt names has no manifest.json");
  }
  read_trainings(work_dir, job);
  if (const auto table = newest_table(work_dir.tables())) {
    job.hard_pairs = store::HardPairTable::open(*table);
    // Images and texts of frozen towers have nothing in common, even if they are of equal width.
    if (job.config.encoder.source == config::EncoderSource::kModel) {
      job.joint_embeddings = find_embeddings(work_dir);
      if (job.joint_embeddings.empty()) {
        job.missing.emplace_back("embeddings: how well the hard pairs' captions fit is not known");
      }
    }
  } else if (job.config.train.hard_pairs == config::HardPairs::kMined) {
    job.missing.emplace_back("hard_pairs: no finished table, though train.hard_pairs is mined");
  }
  return job;
}

}  // namespace helip::report
