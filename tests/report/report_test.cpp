#include "report/report.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <regex>
#include <string>

#include "common/error.h"
#include "common/publish.h"
#include "eval/class_recalls.h"
#include "report/comparison.h"
#include "report/gallery.h"
#include "report/job_record.h"
#include "report/mining_section.h"
#include "report/mining_summary.h"
#include "small_job.h"
#include "support/temporary_folder.h"

namespace helip::report {
namespace {

using Catch::Contains;
using test::SmallJob;
using test::TemporaryFolder;
namespace fs = std::filesystem;

const std::vector<std::string> kCaptions = {
    "one",   "two\ncats", "a red <script>alert(1)</script> & cat", "four \"quoted\"", "five", "six",
    "seven", "eight"};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The cells of the table row that begins with `name`, without markup.
std::vector<std::string> cells_of(const std::string& page, const std::string& name) {
  const std::size_t start = page.find(">" + name + "</td>");
  if (start == std::string::npos) return {};
  const std::string row = page.substr(start + 1, page.find("</tr>", start) - start - 1);
  std::vector<std::string> cells;
  std::size_t at = row.find("<td");
  while (at != std::string::npos) {
    const std::size_t end = row.find("</td>", at);
    cells.push_back(std::regex_replace(row.substr(at, end - at), std::regex("<[^>]*>"), ""));
    at = row.find("<td", end);
  }
  return cells;
}

TEST_CASE("The report holds the figures before and after, over the seeds") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "helip", kCaptions);
  const fs::path file = write_report(job.folder);
  CHECK(file == fs::weakly_canonical(job.folder) / "report" / "index.html");
  const std::string page = read_text_file(file);
  CHECK(cells_of(page, "accuracy") == std::vector<std::string>{"25.0", "28.0 ± 1.4", "+3.0 ± 1.4"});
  CHECK(cells_of(page, "R@1, mean of both directions") ==
        std::vector<std::string>{"35.0", "38.0 ± 1.4", "+3.0 ± 1.4"});
  CHECK(count_of(page, "7 of 8 pairs") > 0);  // suitable targets
  CHECK(page.find("Missing from this report") == std::string::npos);
}

TEST_CASE("Without figures of the initial weights the tables have no columns for them") {
  const TemporaryFolder folder;
  SmallJob job(folder.path() / "helip", kCaptions);
  std::erase_if(job.results, [](const auto& one) { return one.pretrained == "init"; });
  job.write_results();
  const std::string page = read_text_file(write_report(job.folder));
  CHECK(cells_of(page, "accuracy") == std::vector<std::string>{"28.0 ± 1.4"});
  CHECK_THAT(page, !Contains("<th>before</th>") && !Contains("<th>change</th>"));
}

TEST_CASE("The report is one file that loads nothing and runs nothing") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "helip", kCaptions);
  const std::string page = read_text_file(write_report(job.folder));
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("http") == std::string::npos);
  CHECK(page.find("<link") == std::string::npos);
  CHECK(count_of(page, " src=\"") == count_of(page, " src=\"data:image/png;base64,"));
  CHECK(count_of(page, "a red &lt;script&gt;alert(1)&lt;/script&gt; &amp; cat") > 0);
  CHECK(count_of(page, "four &quot;quoted&quot;") > 0);
  CHECK(count_of(page, ">two cats<") > 0);
}

TEST_CASE("The page tells how much of the training waited for data, and when that is too much") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "helip", kCaptions);
  const auto metrics = job.folder / "metrics.jsonl";
  CHECK_THAT(read_text_file(write_report(job.folder)), !Contains("waiting for data"));
  append_line(metrics, R"({"step":60,"loss":1,"data_time":0.02,"batch_time":0.5})");
  CHECK_THAT(read_text_file(write_report(job.folder)),
             Contains("4 % of the time went into waiting for data."));
  append_line(metrics, R"({"step":80,"loss":1,"data_time":0.28,"batch_time":0.5})");
  CHECK_THAT(
      read_text_file(write_report(job.folder)),
      Contains("30 % of the time went into waiting for data: the training was input bound."));
}

TEST_CASE("The page shows the self-supervised loss where there is one") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "helip", kCaptions);
  CHECK_THAT(read_text_file(write_report(job.folder)), !Contains("Self-supervised loss"));
  append_line(job.folder / "metrics.jsonl", R"({"step":60,"loss":1,"ssl_loss":2.5,"ssl_acc":40})");
  CHECK_THAT(read_text_file(write_report(job.folder)), Contains("Self-supervised loss"));
}

TEST_CASE("The page draws a curve per seed of each data set's scores while training") {
  const TemporaryFolder folder;
  SmallJob job(folder.path() / "helip", kCaptions);
  CHECK_THAT(read_text_file(write_report(job.folder)), !Contains("Scores while training"));
  job.config.scores = {
      .datasets = {{.name = "dev",
                    .path = "/d",
                    .tasks = {config::EvalTask::kZeroShot, config::EvalTask::kRetrieval}}},
      .every_steps = 20};
  job.write_config();
  CHECK_THAT(read_text_file(write_report(job.folder)),
             Contains("scores.jsonl: no scores while training are recorded"));
  const auto file = job.folder / "scores.jsonl";
  for (const int seed : {2, 1}) {
    for (const int step : {20, 0}) {
      append_line(file, cat(R"({"seed":)", seed, R"(,"step":)", step,
                            R"(,"results":[{"dataset":"dev","task":"zeroshot_classification",)",
                            R"("metrics":{"acc1":0.)", seed + step, R"(,"acc5":0.9}},)",
                            R"({"dataset":"dev","task":"zeroshot_retrieval","metrics":)",
                            R"({"image_retrieval_recall@1":0.25,"mean_recall@1":0.5}}]})"));
    }
  }
  const JobRecord record = read_job(job.folder);
  REQUIRE(record.scores.size() == 2);
  const std::vector<ScorePoint>& first = record.scores.at(1);
  REQUIRE(first.size() == 8);
  CHECK(first[0].step == 0);
  CHECK(first[0].key == MetricKey{"dev", "zeroshot_classification", "acc1"});
  CHECK(first[0].value == 0.1);
  CHECK(first[4].step == 20);
  CHECK(first[4].value == 0.21);
  const std::string page = read_text_file(write_report(job.folder));
  CHECK(count_of(page, "Scores while training") == 1);
  CHECK(count_of(page, "<h3>dev: accuracy</h3>") == 1);
  CHECK(count_of(page, "<h3>dev: R@1, mean of both directions</h3>") == 1);
  CHECK(count_of(page, "top 5</h3>") == 0);

  append_line(file, R"({"seed":1,"step":40})");
  CHECK_THROWS_WITH(read_job(job.folder), Contains("damaged scores") && Contains("scores.jsonl"));
}

TEST_CASE("The gallery shows suitable targets from the hardest on, each with its partners") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "helip", kCaptions);
  const JobRecord record = read_job(job.folder);
  REQUIRE(record.hard_pairs);
  // Seven suitable targets whose hardest score falls with the id: ranks 1, 3 and 5 of 7.
  const auto targets = gallery_targets(*record.hard_pairs, 3);
  CHECK(targets == std::vector<SampleId>{SampleId{1}, SampleId{3}, SampleId{5}});
  const std::string page = read_text_file(write_report(job.folder));
  CHECK(count_of(page, "<article") == 3);
  CHECK(count_of(page, "<img") == 3 * (1 + 2));
  CHECK(count_of(page, "0.800 <span>pair 2</span>") > 0);  // of target 1
}

TEST_CASE("The summary of a table counts what was chosen") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "helip", kCaptions);
  const MiningSummary summary = summarise(*read_job(job.folder).hard_pairs);
  CHECK(summary.stats.suitable == 7);
  CHECK(summary.hardest_scores.size() == 7);
  CHECK(summary.weakest_scores == std::vector<double>(7, 0.125));
  // Partners of i are i+1 and i+2 (mod 8), but pair 7 has only pair 0: pair 1 is chosen by 0 alone.
  CHECK(summary.occurrence == std::vector<double>{2, 1, 2, 2, 2, 2, 2, 2});
}

TEST_CASE("The page counts hard pairs that may be false negatives") {
  const TemporaryFolder folder;
  SmallJob job(folder.path() / "helip",
               {"same", "same", "same", "four", "five", "six", "seven", "eight"});
  std::string page = read_text_file(write_report(job.folder));
  CHECK_THAT(page, Contains("<dt>hard pairs</dt><dd>15</dd>"));
  // 0 chose 1 and 2, 1 chose 2. Every image has a grey of its own.
  CHECK_THAT(page, Contains("<dt>with the target's caption</dt><dd>3 (20.0 %)</dd>"));
  CHECK_THAT(page, Contains("<dt>with the target's image</dt><dd>0 (0.0 %)</dd>"));
  // Texts i+1 and i+2 are at 15 and 25 degrees: cos 15 / cos 5 = 0.970, cos 25 / cos 5 = 0.910.
  // Text 0, a partner of the images 6 and 7, is at 55 degrees or more.
  CHECK_THAT(page, Contains("<dt>suspected false negatives</dt><dd>7 (46.7 %): ") &&
                       Contains("; 0 (0.0 %) better than its own") &&
                       Contains("; of all 8 targets"));
  MiningSummary part = summarise(*read_job(job.folder).hard_pairs);
  part.ratios = mining::PositiveRatios{.targets = 3, .slots = 6, .above_suspect = 3};
  CHECK_THAT(mining_section(read_job(job.folder).hard_pairs->manifest(), part),
             Contains("suspected false negatives</dt><dd>3 (50.0 %): ") &&
                 Contains("; of a random sample of 3 of the 8 targets"));

  // The frozen towers' features have no joint space.
  job.config.encoder.source = config::EncoderSource::kTowers;
  job.write_config();
  page = read_text_file(write_report(job.folder));
  CHECK_THAT(page, Contains("with the target's caption") && !Contains("suspected") &&
                       !Contains("Missing from this report"));
}

TEST_CASE("Pieces that are not there are named on the page") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "helip", kCaptions);
  fs::remove(job.folder / "results.json");
  fs::remove(job.folder / "metrics.jsonl");
  fs::remove_all(job.folder / "hard_pairs");
  fs::remove(job.folder / "corpus" / "location.txt");
  const std::string page = read_text_file(write_report(job.folder));
  for (const char* const piece : {"results.json", "metrics.jsonl", "hard_pairs", "the corpus"}) {
    CHECK(count_of(page, std::string("<li>") + piece) > 0);
  }
}

TEST_CASE("Damaged pieces are errors that say where") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "helip", kCaptions);
  CHECK_THROWS_WITH(write_report(folder.path()), Contains("config.yaml"));
  CHECK_THROWS_WITH(write_report(folder.path() / "absent"), Contains("no such folder"));
  append_line(job.folder / "metrics.jsonl", "{\"step\": 60, \"loss\"");
  CHECK_THROWS_WITH(write_report(job.folder), Contains("metrics.jsonl:5"));
}

TEST_CASE("A table of another corpus gets no gallery, and the page says so") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "helip", kCaptions);
  const SmallJob other(folder.path() / "other", {"1", "2", "3", "4", "5", "6", "7", "8"});
  fs::copy_file(other.folder / "corpus" / "location.txt", job.folder / "corpus" / "location.txt",
                fs::copy_options::overwrite_existing);
  const std::string page = read_text_file(write_report(job.folder));
  CHECK(count_of(page, "hard pairs are of another corpus") > 0);
  CHECK(count_of(page, "with the target's caption") == 0);
  CHECK(count_of(page, "<article") == 0);
}

TEST_CASE("A comparison pairs the arms by seed and finds the control") {
  const TemporaryFolder folder;
  const SmallJob helip(folder.path() / "helip", kCaptions);
  SmallJob continued(folder.path() / "continued", kCaptions);
  continued.config.train.hard_pairs = config::HardPairs::kNone;
  continued.config.model.init = helip.config.model.init;
  continued.write_config();
  continued.results = test::small_results("seed-1", 0.26, 0.30, 0.40);
  for (const auto& result : test::small_results("seed-2", 0.27, 0.32, 0.42)) {
    continued.results.push_back(result);
  }
  continued.write_results();
  SmallJob base(folder.path() / "base", kCaptions);
  base.config.train.hard_pairs = config::HardPairs::kNone;
  base.config.model.init = "random";
  base.write_config();
  base.results = test::small_results("seed-9", 0.2, 0.3, 0.4);
  base.write_results();

  const Comparison comparison = compare_jobs(helip.folder, {continued.folder, base.folder});
  CHECK(comparison.names == std::vector<std::string>{"continued", "base", "helip"});
  CHECK(comparison.reference == 0);
  CHECK(comparison.has_control);
  CHECK(comparison.faults.empty());
  REQUIRE(comparison.rows.size() == 4);
  // accuracy: (0.27 - 0.26) and (0.29 - 0.27)
  const Difference& difference = comparison.rows[0].differences.back();
  CHECK(difference.paired);
  CHECK(difference.spread.mean == Approx(0.015));
  CHECK(difference.spread.deviation == Approx(0.01 / std::sqrt(2.0)));
  CHECK_FALSE(comparison.rows[0].differences[1].paired);

  const std::string text = to_text(comparison);
  CHECK_THAT(text, Contains("helip − continued, paired by seed"));
  const std::regex row(R"(\n  accuracy +26\.5 ± 0\.7 +20\.0 +28\.0 ± 1\.4 +\+1\.5 ± 0\.7\n)");
  CHECK(std::regex_search(text, row));

  const fs::path file = folder.path() / "comparison.html";
  write_comparison(file, comparison);
  const std::string page = read_text_file(file);
  CHECK(cells_of(page, "accuracy") ==
        std::vector<std::string>{"26.5 ± 0.7", "20.0", "28.0 ± 1.4", "+1.5 ± 0.7"});
  CHECK(count_of(page, "continued (control)") > 0);
}

TEST_CASE("Jobs that scored different splits are not compared") {
  const TemporaryFolder folder;
  SmallJob helip(folder.path() / "helip", kCaptions);
  SmallJob other(folder.path() / "other", kCaptions);
  helip.config.eval.datasets = {
      {.name = "pairs", .path = "/d", .tasks = {config::EvalTask::kRetrieval}}};
  other.config.eval.datasets = helip.config.eval.datasets;
  other.config.eval.datasets[0].split = "validation";
  helip.write_config();
  other.write_config();
  CHECK_THROWS_WITH(compare_jobs(helip.folder, {other.folder}),
                    Contains("different splits") && Contains("pairs") && Contains("validation"));
}

TEST_CASE("Jobs that measured retrieval or probes differently are not compared") {
  const TemporaryFolder folder;
  SmallJob helip(folder.path() / "helip", kCaptions);
  SmallJob other(folder.path() / "other", kCaptions);
  helip.config.eval.datasets = {
      {.name = "pairs", .path = "/d", .tasks = {config::EvalTask::kRetrieval}}};
  other.config.eval.datasets = helip.config.eval.datasets;
  other.config.eval.equal_captions = config::EqualCaptions::kStrict;
  other.config.eval.fewshot_k = 4;
  helip.write_config();
  other.write_config();
  CHECK_THROWS_WITH(compare_jobs(helip.folder, {other.folder}),
                    Contains("eval.equal_captions: the jobs measured their results differently; "
                             "expected strict, as other did; found hits in helip"));
  other.config.eval.equal_captions = config::EqualCaptions::kHits;
  other.write_config();
  CHECK_NOTHROW(compare_jobs(helip.folder, {other.folder}));  // nobody has a probe
}

TEST_CASE("The page has the classes of a job, and a damaged list of them is an error") {
  const TemporaryFolder folder;
  SmallJob job(folder.path() / "job", kCaptions);
  const auto page = [&] {
    write_report(job.folder);
    return read_text_file(job.folder / "report" / "index.html");
  };
  CHECK_THAT(page(), !Contains("<h2>Classes</h2>"));
  job.config.eval.datasets = {
      {.name = "pairs", .path = "/d", .tasks = {config::EvalTask::kRetrieval}}};
  job.write_config();
  job.results[0].classes = {{.name = "a <cat>", .samples = 8, .right = 4}};
  eval::write_class_recalls(job.folder / "class_recalls.json", job.results);
  CHECK_THAT(page(), Contains("<h2>Classes</h2>") && Contains("a &lt;cat&gt;") &&
                         Contains("Retrieval: equal captions are hits."));
  publish_file(job.folder / "class_recalls.json", "[{}]");
  CHECK_THROWS_WITH(write_report(job.folder), Contains("class_recalls.json entry 0"));
}

TEST_CASE("The report counts what was quarantined, by reason") {
  const TemporaryFolder folder;
  const SmallJob job(folder.path() / "job", kCaptions);
  const fs::path page = job.folder / "report" / "index.html";
  write_report(job.folder);
  CHECK_THAT(read_text_file(page), !Contains("Quarantine"));
  publish_file(job.folder / "corpus" / "quarantine.jsonl",
               "{\"reason\":\"not an <image>\"}\n{\"reason\":\"not an <image>\"}\n{\"reason\":\"no "
               "caption\"}\n");
  write_report(job.folder);
  CHECK_THAT(read_text_file(page), Contains("3 samples could not be used") &&
                                       Contains("<dt>2</dt><dd>not an &lt;image&gt;</dd>") &&
                                       Contains("<dt>1</dt><dd>no caption</dd>"));
  publish_file(job.folder / "corpus" / "quarantine.jsonl", "{\"reason\":");
  CHECK_THROWS_WITH(write_report(job.folder), Contains("quarantine.jsonl:1"));
}

TEST_CASE("A comparison with itself or with nothing is refused, and unfinished arms are named") {
  const TemporaryFolder folder;
  const SmallJob helip(folder.path() / "helip", kCaptions);
  CHECK_THROWS_AS(compare_jobs(helip.folder, {}), ConfigError);
  CHECK_THROWS_WITH(compare_jobs(helip.folder, {folder.path() / "." / "helip"}),
                    Contains("with itself"));
  const SmallJob unfinished(folder.path() / "unfinished", kCaptions);
  fs::remove(unfinished.folder / "results.json");
  const std::string text = to_text(compare_jobs(helip.folder, {unfinished.folder}));
  CHECK_THAT(text, Contains("missing: unfinished:"));
}

}  // namespace
}  // namespace helip::report
