#include "report/report.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/publish.h"
#include "common/text.h"
#include "config/budget.h"
#include "config/eval_metrics.h"
#include "config/input_bound.h"
#include "config/to_yaml.h"
#include "jobs/work_dir.h"
#include "report/charts.h"
#include "report/class_section.h"
#include "report/gallery.h"
#include "report/html.h"
#include "report/job_record.h"
#include "report/mining_section.h"
#include "report/mining_summary.h"
#include "report/scores_section.h"

namespace helip::report {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kPartnersShown = 6;
// Enough for shares to a fraction of a percent; all targets of a large corpus take minutes.
constexpr std::uint64_t kRatioTargets = 100'000;

std::string tile(const std::string& name, const std::string& value, const std::string& more) {
  return cat("<div class=\"tile\"><div class=\"name\">", escape_html(name),
             "</div><div class=\"value\">", value, "</div><div class=\"more\">", more,
             "</div></div>");
}

// What a table and a tile say about one metric.
struct BeforeAfter {
  Spread before, after, change;
};

BeforeAfter before_after(const JobMetrics& metrics, const MetricKey& key) {
  BeforeAfter out;
  const auto before = metrics.init.find(key);
  const auto after = metrics.tuned.find(key);
  if (before != metrics.init.end()) out.before = spread_of({before->second});
  if (after == metrics.tuned.end()) return out;
  out.after = spread_of(values_of(after->second));
  if (before == metrics.init.end()) return out;
  BySeed changes = after->second;
  for (auto& [seed, value] : changes) value -= before->second;
  out.change = spread_of(values_of(changes));
  return out;
}

std::string change_html(const std::string& metric, const Spread& change) {
  return cat("<span class=\"", direction_of(metric, change), "\">", change_text(metric, change),
             "</span>");
}

std::string tiles(const JobRecord& job, const MiningSummary* mining) {
  std::string out = "<div class=\"tiles\">";
  for (const MetricKey& key : ordered_keys(job.metrics)) {
    if (!config::is_headline(key.metric)) continue;
    const BeforeAfter figures = before_after(job.metrics, key);
    const std::string more = figures.before.count > 0
                                 ? cat("before ", percent_text(figures.before), " · ",
                                       change_html(key.metric, figures.change))
                                 : "percent";
    out += tile(cat(key.dataset, key.task == "linear_probe" ? " linear probe: " : ": ",
                    config::metric_label(key.metric)),
                percent_text(figures.after.count > 0 ? figures.after : figures.before), more);
  }
  if (mining != nullptr) {
    const double share = mining->stats.targets == 0
                             ? 0
                             : static_cast<double>(mining->stats.suitable) /
                                   static_cast<double>(mining->stats.targets);
    out += tile("suitable targets", cat(decimal(100 * share, 1), " %"),
                cat(mining->stats.suitable, " of ", mining->stats.targets, " pairs"));
  }
  return out + "</div>\n";
}

std::string missing_notice(const std::vector<std::string>& missing) {
  if (missing.empty()) return {};
  std::string out = "<div class=\"notice\"><strong>Missing from this report</strong><ul>";
  for (const std::string& sentence : missing) out += cat("<li>", escape_html(sentence), "</li>");
  return out + "</ul></div>\n";
}

// What the job left out, and why: nothing is dropped silently.
std::string quarantine_section(const JobRecord& job) {
  if (job.unusable.empty()) return {};
  std::uint64_t samples = 0;
  for (const auto& [reason, count] : job.unusable) samples += count;
  std::string out =
      cat("<h2>Quarantine</h2><p class=\"soft\">", samples, samples == 1 ? " sample" : " samples",
          " could not be used and took no part; corpus/quarantine.jsonl and the corpus's "
          "unpaired.jsonl (import_report.jsonl of what an import left out) name each with its "
          "place; of the damaged rest of a shard the number is an estimate.</p><dl>");
  for (const auto& [reason, count] : job.unusable) {
    out += cat("<dt>", count, "</dt><dd>", escape_html(reason), "</dd>");
  }
  return out + "</dl>\n";
}

// How what is scored is measured, where there are several ways.
std::string measures(const JobRecord& job) {
  const config::EvalConfig& eval = job.config.eval;
  std::string out;
  if (scores(job, config::EvalTask::kRetrieval)) {
    out += eval.equal_captions == config::EqualCaptions::kHits
               ? "Retrieval: equal captions are hits. "
               : "Retrieval: only an image's own captions are hits. ";
  }
  if (scores(job, config::EvalTask::kLinearProbe)) {
    out += cat("Linear probe: ", eval.probe,
               eval.fewshot_k > 0 ? cat(", ", eval.fewshot_k, " samples a class") : "", ".");
  }
  return out;
}

std::string results_section(const JobRecord& job) {
  const std::vector<MetricKey> keys = ordered_keys(job.metrics);
  if (keys.empty()) return {};
  const std::size_t seeds =
      job.metrics.tuned.empty() ? 0 : job.metrics.tuned.begin()->second.size();
  const bool has_before = !job.metrics.init.empty();
  std::string out =
      cat("<h2>Held-out results</h2><p class=\"soft\">Percent; ranks count from 1 and are better "
          "the lower they are. After: mean ± sample standard deviation over ",
          seeds, seeds == 1 ? " training seed. " : " training seeds. ",
          has_before ? "Change: against the weights before this job. " : "", measures(job),
          "</p><div class=\"scroll\"><table><thead><tr><th>metric</th>",
          has_before ? "<th>before</th><th>after</th><th>change</th>" : "<th>after</th>",
          "</tr></thead><tbody>");
  std::string group;
  for (const MetricKey& key : keys) {
    const std::string name = cat(key.dataset, " · ", key.task);
    if (name != group) {
      group = name;
      out += cat("<tr class=\"group\"><th colspan=\"", has_before ? 4 : 2, "\">", escape_html(name),
                 "</th></tr>");
    }
    const BeforeAfter figures = before_after(job.metrics, key);
    out += cat("<tr><td", config::is_headline(key.metric) ? " class=\"key\"" : "", ">",
               escape_html(config::metric_label(key.metric)), "</td>");
    if (has_before) out += cat("<td>", value_text(key.metric, figures.before), "</td>");
    out += cat("<td>", value_text(key.metric, figures.after), "</td>");
    if (has_before) out += cat("<td>", change_html(key.metric, figures.change), "</td>");
    out += "</tr>";
  }
  return out + "</tbody></table></div>\n";
}

// A figure with one curve per seed, or nothing if no line of metrics.jsonl has the value.
std::string curve_figure(const JobRecord& job, const std::string& title, const std::string& caption,
                         std::optional<double> TrainPoint::*value) {
  std::vector<Series> series;
  for (const auto& [seed, points] : job.curves) {
    Series one{cat("seed ", seed), {}};
    for (const TrainPoint& point : points) {
      if (point.*value) one.points.emplace_back(static_cast<double>(point.step), *(point.*value));
    }
    if (!one.points.empty()) series.push_back(std::move(one));
  }
  if (series.empty()) return {};
  return cat("<figure><h3>", escape_html(title), "</h3>", line_chart(series, "step"),
             "<figcaption>", escape_html(caption), "</figcaption></figure>\n");
}

// How much of the training time went into waiting for data; nothing where it was not measured.
std::string waiting_sentence(const JobRecord& job) {
  double data = 0, all = 0;
  for (const auto& [seed, points] : job.curves) {
    for (const TrainPoint& point : points) {
      if (!point.data_time || !point.batch_time) continue;
      data += *point.data_time;
      all += *point.batch_time;
    }
  }
  if (all <= 0) return {};
  return cat(" ", decimal(100 * data / all, 0), " % of the time went into waiting for data",
             data / all > config::kInputBoundShare ? ": the training was input bound." : ".");
}

bool has_ssl_loss(const JobRecord& job) {
  return std::any_of(job.curves.begin(), job.curves.end(), [](const auto& curve) {
    return std::any_of(curve.second.begin(), curve.second.end(),
                       [](const TrainPoint& point) { return point.ssl_loss.has_value(); });
  });
}

std::string training_section(const JobRecord& job) {
  const config::TrainConfig& train = job.config.train;
  std::string out = "<h2>Training</h2>";
  out += cat("<p class=\"soft\">Global batch of ", config::global_batch_size(train), " pairs: ");
  if (train.hard_pairs == config::HardPairs::kNone) {
    out += "all of them seeds, no hard pairs.";
  } else {
    out += cat(train.seeds_per_batch, " seeds, each with ", train.hard_pairs_per_seed,
               train.hard_pairs == config::HardPairs::kMined ? " of its mined hard pairs."
                                                             : " random partners.");
  }
  out += cat(waiting_sentence(job), "</p><div class=\"charts pairs\">");
  out += curve_figure(job, "Loss", "The whole loss that is minimised.", &TrainPoint::loss);
  out += curve_figure(job, "Contrastive loss",
                      "The CLIP term alone; batches with hard pairs are harder than plain ones.",
                      &TrainPoint::contrastive_loss);
  if (train.hard_pairs != config::HardPairs::kNone && job.config.loss.margin_weight > 0) {
    out +=
        curve_figure(job, "Hard negative margin loss",
                     cat("Before its weight of ", decimal(job.config.loss.margin_weight, 2), "."),
                     &TrainPoint::margin_loss);
  }
  if (has_ssl_loss(job)) {
    out += curve_figure(job, "Self-supervised loss",
                        cat("Between two views of an image, before its weight of ",
                            decimal(job.config.slip.ssl_weight, 2), "."),
                        &TrainPoint::ssl_loss);
  }
  out += curve_figure(job, "Learning rate, times 1,000,000", "Linear warm-up, then cosine decay.",
                      &TrainPoint::lr);
  return out + "</div>\n";
}

// The corpus that the hard pairs are of, if it is there.
std::optional<data::Corpus> corpus_of_table(JobRecord& job) {
  if (!job.hard_pairs || job.corpus_folder.empty()) return std::nullopt;
  data::Corpus corpus = data::Corpus::open(job.corpus_folder);
  const std::string& fingerprint = job.hard_pairs->manifest().corpus_fingerprint;
  if (fingerprint.empty() || fingerprint == corpus.manifest().fingerprint) return corpus;
  job.missing.push_back(cat(
      "the gallery and the hard pairs that are duplicates: the hard pairs are of another corpus "
      "than the one in ",
      job.corpus_folder.string()));
  return std::nullopt;
}

std::string gallery_section(const JobRecord& job, const data::Corpus& corpus) {
  const std::vector<SampleId> targets =
      gallery_targets(*job.hard_pairs, job.config.output.gallery_targets);
  return cat(
      "<h2>What was mined</h2><p class=\"soft\">", targets.size(),
      " targets from the hardest to the easiest, each with its hardest pairs and their scores.</p>",
      gallery(corpus, *job.hard_pairs, targets, kPartnersShown));
}

std::string settings_section(const JobRecord& job) {
  const config::RunConfig& c = job.config;
  std::string out = "<h2>Settings</h2><dl>";
  const auto row = [&](const char* name, const std::string& value) {
    out += cat("<dt>", name, "</dt><dd>", escape_html(value), "</dd>");
  };
  row("work directory", job.folder.string());
  row("corpus", c.corpus.path);
  row("model", c.model.architecture);
  row("initial weights", c.model.init);
  row("hard pairs", cat(c.train.hard_pairs));
  row("optimizer steps",
      c.train.steps > 0 ? cat(c.train.steps) : cat(decimal(c.train.epochs, 2), " epochs"));
  row("learning rate", cat(c.train.lr));
  row("training seeds", cat(c.train.seed, " to ", c.train.seed + c.train.repeats - 1));
  row("configuration digest", config::config_digest(c));
  return out + "</dl>\n";
}

}  // namespace

fs::path write_report(const fs::path& work_dir) {
  JobRecord job = read_job(work_dir);
  const std::optional<data::Corpus> corpus = corpus_of_table(job);  // may add to what is missing
  std::optional<MiningSummary> mining;
  if (job.hard_pairs) {
    mining = summarise(*job.hard_pairs);
    if (corpus) {
      mining->duplicates = mining::duplicate_slots(*job.hard_pairs, corpus->image_groups(),
                                                   corpus->caption_groups());
    }
    if (!job.joint_embeddings.empty()) {
      mining->ratios =
          mining::positive_ratios(*job.hard_pairs, job.joint_embeddings, job.joint_embeddings,
                                  {.most = kRatioTargets, .seed = 0});
    }
  }
  for (auto& [seed, points] : job.curves) {
    for (TrainPoint& point : points) {
      if (point.lr) point.lr = *point.lr * 1e6;  // the chart's axis has plain numbers
    }
  }
  std::string body = cat(
      "<h1>", escape_html(job.name),
      "</h1><p class=\"soft\">HELIP report: hard pairs for vision-language pre-training.</p>\n");
  body += missing_notice(job.missing);
  body += tiles(job, mining ? &*mining : nullptr);
  body += results_section(job);
  body += class_section(job);
  if (!job.curves.empty()) body += training_section(job);
  body += scores_section(job);
  if (mining) body += mining_section(job.hard_pairs->manifest(), *mining);
  if (corpus) body += gallery_section(job, *corpus);
  body += quarantine_section(job);
  body += settings_section(job);
  const fs::path file = jobs::WorkDir(job.folder).report();
  fs::create_directories(file.parent_path());
  publish_file(file, page(cat(job.name, " – HELIP report"), body));
  return file;
}

}  // namespace helip::report
