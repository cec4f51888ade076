// The evaluation of a small data set through the golden towers: embeddings against the golden file,
// scores against the metrics over the golden embeddings.
#include "eval/eval_job.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <numeric>

#include "common/error.h"
#include "common/text.h"
#include "eval/dataset_embedder.h"
#include "support/golden_towers.h"
#include "support/temporary_folder.h"

namespace helip::eval {
namespace {

using Catch::Matchers::Contains;
using test::add_member;

constexpr std::size_t kPictures = 5;
const std::vector<std::string> kClasses = {"cat", "dog", "house"};
const std::vector<std::string> kTemplates = {"a {c}", "the {c} on the hill"};

std::string label_of(std::size_t picture) { return std::to_string(picture % kClasses.size()); }

void write_split(const std::filesystem::path& folder, const std::string& split,
                 const std::vector<std::string>& pictures) {
  std::filesystem::create_directories(folder / split);
  std::ofstream(folder / split / "nshards.txt") << 1;
  const Json captions = test::expected_of_pictures().at("captions");
  data::TarWriter tar(folder / split / "0.tar");
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const std::string key = cat("s", i);
    add_member(tar, key + ".cls", label_of(i));
    add_member(tar, key + ".png", test::picture(pictures[i]));
    // The last picture has two captions, one equal to the first picture's but for its letters'
    // case.
    std::string text = captions.at(i);
    if (i == 4) text += "\nA Red  CAT";
    add_member(tar, key + ".txt", text);
  }
  tar.publish();
}

void write_dataset(const std::filesystem::path& folder) {
  write_split(folder, "test", {"0.png", "1.png", "2.png", "3.png", "4.png"});
  write_split(folder, "train", {"4.png", "3.png", "2.png", "1.png", "0.png"});
  std::ofstream classes(folder / "classnames.txt");
  for (const std::string& name : kClasses) classes << name << "\n";
  std::ofstream templates(folder / "zeroshot_classification_templates.txt");
  for (const std::string& text : kTemplates) templates << text << "\n";
}

using config::EvalTask;

EvalSpec make_spec(const std::filesystem::path& folder, std::vector<config::EvalTask> tasks) {
  EvalSpec spec;
  spec.model = test::golden_towers();
  spec.dataset = {.name = "pictures", .path = folder.string(), .tasks = std::move(tasks)};
  spec.options.batch_size = 2;
  spec.options.recall_k = {1, 3};
  spec.options.probe_l2 = 1e-3;
  spec.pretrained = "seed-1";
  return spec;
}

void check_near(const Embeddings& found, const Json& expected) {
  REQUIRE(found.rows == expected.size());
  for (std::size_t row = 0; row < found.rows; ++row) {
    for (std::size_t e = 0; e < found.dim; ++e) {
      CHECK(found.view().row(row)[e] == Approx(expected[row][e].get<double>()).margin(1e-5));
    }
  }
}

double product(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t e = 0; e < a.size(); ++e) sum += static_cast<double>(a[e]) * b[e];
  return sum;
}

// The first `count` rows of `candidates` by their product with a query, ties by index.
std::vector<std::size_t> nearest(const Embeddings& candidates, const Embeddings& queries,
                                 std::size_t query, std::size_t count) {
  std::vector<std::size_t> order(candidates.rows);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return product(candidates.view().row(a), queries.view().row(query)) >
           product(candidates.view().row(b), queries.view().row(query));
  });
  order.resize(count);
  return order;
}

// How many images of each class are nearest to it, by the written-out definition: the class vector
// is the mean of its two prompts' unit vectors, made unit.
std::vector<std::size_t> hits_of_classes(const Embeddings& images, const Embeddings& prompts,
                                         const std::vector<std::size_t>& labels) {
  std::vector<std::size_t> hits(3);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    std::vector<double> scores;
    for (std::size_t c = 0; c < 3; ++c) {
      const auto first = prompts.view().row(2 * c);
      const auto second = prompts.view().row(2 * c + 1);
      const double norms[] = {std::sqrt(product(first, first)), std::sqrt(product(second, second))};
      const double squared = 2 + 2 * product(first, second) / (norms[0] * norms[1]);
      const auto image = images.view().row(i);
      scores.push_back((product(image, first) / norms[0] + product(image, second) / norms[1]) /
                       std::sqrt(squared));
    }
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    if (static_cast<std::size_t>(best) == labels[i]) ++hits[labels[i]];
  }
  return hits;
}

TEST_CASE("embeddings of a data set equal the golden towers' in any batch size, cached or not") {
  const test::TemporaryFolder folder;
  write_dataset(folder.path());
  const eval::Dataset dataset = eval::read_dataset(folder.path(), "test");
  const Json expected = test::expected_of_pictures();
  const std::uint32_t batch_size = GENERATE(1, 2, 7);
  std::uint64_t advanced = 0;
  const EmbedderOptions options{.batch_size = batch_size,
                                .feature_cache = folder.path() / "cache",
                                .advanced = [&](std::uint64_t count) { advanced += count; }};
  const auto embedder = open_dataset_embedder(test::golden_towers(), options);
  const Embeddings images = embedder->images(dataset, "test");
  const Embeddings texts = embedder->texts(expected.at("captions"));
  check_near(images, expected.at("image_embeddings"));
  check_near(texts, expected.at("text_embeddings"));
  CHECK(advanced == 2 * kPictures);

  const auto again = open_dataset_embedder(test::golden_towers(), options);
  CHECK(again->images(dataset, "test").values == images.values);
  CHECK(again->texts(expected.at("captions")).values == texts.values);
}

TEST_CASE("all tasks of a data set are scored as the metrics score its embeddings") {
  const test::TemporaryFolder folder;
  write_dataset(folder.path());
  const EvalSpec spec =
      make_spec(folder.path(), {EvalTask::kZeroShot, EvalTask::kRetrieval, EvalTask::kLinearProbe});
  std::vector<std::pair<std::uint64_t, std::uint64_t>> steps;
  const auto results = run_eval_job(
      spec, [&](std::uint64_t done, std::uint64_t total) { steps.emplace_back(done, total); });
  REQUIRE(results.size() == 3);
  for (const EvalResult& result : results) {
    CHECK(result.dataset == "pictures");
    CHECK(result.model == "locked_towers");
    CHECK(result.pretrained == "seed-1");
    CHECK(result.language == "en");
  }
  REQUIRE_FALSE(steps.empty());
  CHECK(steps.back().first == steps.back().second);

  const eval::Dataset dataset = eval::read_dataset(folder.path(), "test");
  const auto embedder = open_dataset_embedder(spec.model, {.batch_size = 2});
  const Embeddings images = embedder->images(dataset, "test");

  CHECK(results[0].task == "zeroshot_classification");
  const Embeddings prompts =
      embedder->texts({"a cat", "the cat on the hill", "a dog", "the dog on the hill", "a house",
                       "the house on the hill"});
  const std::vector<std::size_t> hits = hits_of_classes(images, prompts, {0, 1, 2, 0, 1});
  CHECK(results[0].metrics.size() == 2);
  CHECK(results[0].metrics.at("acc1") ==
        Approx(static_cast<double>(hits[0] + hits[1] + hits[2]) / 5));
  CHECK(results[0].metrics.at("mean_per_class_recall") ==
        Approx((static_cast<double>(hits[0] + hits[1]) / 2 + static_cast<double>(hits[2])) / 3));
  CHECK(results[0].classes ==
        std::vector<ClassRecall>{{.name = "cat", .samples = 2, .right = hits[0]},
                                 {.name = "dog", .samples = 2, .right = hits[1]},
                                 {.name = "house", .samples = 1, .right = hits[2]}});

  CHECK(results[1].task == "zeroshot_retrieval");
  std::vector<std::string> captions = test::expected_of_pictures().at("captions");
  captions.push_back("A Red  CAT");
  const Embeddings texts = embedder->texts(captions);
  // A row an image, a column a caption: "a red cat" and "A Red  CAT" are one caption, of the first
  // image and the last.
  const std::vector<std::vector<bool>> match = {{true, false, false, false, false, true},
                                                {false, true, false, false, false, false},
                                                {false, false, true, false, false, false},
                                                {false, false, false, true, false, false},
                                                {true, false, false, false, true, true}};
  CHECK(results[1].metrics.size() == 6 + 4);
  CHECK(results[1].classes.empty());
  for (const std::size_t k : {1U, 3U}) {
    double found_images = 0;
    double found_texts = 0;
    for (std::size_t t = 0; t < 6; ++t) {
      const auto best = nearest(images, texts, t, k);
      found_images += std::any_of(best.begin(), best.end(), [&](auto i) { return match[i][t]; });
    }
    for (std::size_t i = 0; i < kPictures; ++i) {
      const auto best = nearest(texts, images, i, k);
      found_texts += std::any_of(best.begin(), best.end(), [&](auto t) { return match[i][t]; });
    }
    const auto& metrics = results[1].metrics;
    CHECK(metrics.at(cat("image_retrieval_recall@", k)) == Approx(found_images / 6));
    CHECK(metrics.at(cat("text_retrieval_recall@", k)) == Approx(found_texts / 5));
    CHECK(metrics.at(cat("mean_recall@", k)) == Approx((found_images / 6 + found_texts / 5) / 2));
  }

  CHECK(results[2].task == "linear_probe");
  CHECK(results[2].metrics.at("l2") == spec.options.probe_l2);
  CHECK(results[2].metrics.at("fewshot_k") == -1);
  CHECK(results[2].metrics.count("lp_acc1") == 1);
  CHECK(results[2].metrics.count("lp_mean_per_class_recall") == 1);
  CHECK(results[2].classes.size() == 3);
}

TEST_CASE("strict retrieval knows an image's own captions alone") {
  const test::TemporaryFolder folder;
  write_dataset(folder.path());
  EvalSpec spec = make_spec(folder.path(), {EvalTask::kRetrieval});
  const auto hits = run_eval_job(spec, {}).at(0).metrics;
  spec.options.equal_captions = config::EqualCaptions::kStrict;
  const auto strict = run_eval_job(spec, {}).at(0).metrics;
  const auto embedder = open_dataset_embedder(spec.model, {.batch_size = 2});
  const Embeddings images = embedder->images(eval::read_dataset(folder.path(), "test"), "test");
  std::vector<std::string> captions = test::expected_of_pictures().at("captions");
  captions.push_back("A Red  CAT");
  const Embeddings texts = embedder->texts(captions);
  double found = 0;
  for (std::size_t t = 0; t < 6; ++t)
    found += nearest(images, texts, t, 1)[0] == std::min<std::size_t>(t, 4);
  CHECK(strict.at("image_retrieval_recall@1") == Approx(found / 6));
  CHECK(strict.at("image_retrieval_mean_rank") >= hits.at("image_retrieval_mean_rank"));
}

TEST_CASE("a validation split is read and embedded, and its samples count as progress") {
  const test::TemporaryFolder folder;
  write_dataset(folder.path());
  write_split(folder.path(), "dev", {"1.png", "2.png", "3.png"});
  EvalSpec spec = make_spec(folder.path(), {EvalTask::kLinearProbe});
  spec.dataset.validation_split = "dev";
  spec.options.probe_l2 = 0;
  std::uint64_t last = 0, all = 0;
  const auto result = run_eval_job(spec, [&](std::uint64_t done, std::uint64_t total) {
                        last = done;
                        all = total;
                      }).at(0);
  CHECK(last == 5 + 5 + 3);
  CHECK(all == last);
  CHECK(result.metrics.at("l2") > 0);
  spec.options.fewshot_k = 2;
  spec.options.probe_l2 = 0.1;
  CHECK_THROWS_WITH(run_eval_job(spec, {}), Contains("class 2") && Contains("at least 2"));
}

TEST_CASE("a blank line of the class names is a class, and the others keep their numbers") {
  const test::TemporaryFolder folder;
  write_dataset(folder.path());
  std::ofstream(folder.path() / "classnames.txt") << "cat\n\ndog\n";
  const EvalSpec spec = make_spec(folder.path(), {EvalTask::kZeroShot});
  const auto results = run_eval_job(spec, {});

  const eval::Dataset dataset = eval::read_dataset(folder.path(), "test");
  const auto embedder = open_dataset_embedder(spec.model, {.batch_size = 2});
  const Embeddings images = embedder->images(dataset, "test");
  const Embeddings prompts = embedder->texts(
      {"a cat", "the cat on the hill", "a ", "the  on the hill", "a dog", "the dog on the hill"});
  const std::vector<std::size_t> hits = hits_of_classes(images, prompts, {0, 1, 2, 0, 1});
  CHECK(results[0].metrics.at("acc1") ==
        Approx(static_cast<double>(hits[0] + hits[1] + hits[2]) / 5));
}

TEST_CASE("retrieval ends at an image without a caption") {
  const test::TemporaryFolder folder;
  write_dataset(folder.path());
  data::TarWriter tar(folder.path() / "test" / "1.tar");
  add_member(tar, "bare.png", test::picture("0.png"));
  add_member(tar, "bare.cls", "0");
  tar.publish();
  std::ofstream(folder.path() / "test" / "nshards.txt") << 2;
  CHECK_THROWS_WITH(run_eval_job(make_spec(folder.path(), {EvalTask::kRetrieval}), {}),
                    Contains("bare: an image has no caption"));
  CHECK(run_eval_job(make_spec(folder.path(), {EvalTask::kZeroShot}), {}).size() == 1);
}

TEST_CASE("two evaluations of one data set give the same numbers, the second from the cache") {
  const test::TemporaryFolder folder;
  write_dataset(folder.path());
  EvalSpec spec = make_spec(folder.path(), {EvalTask::kRetrieval});
  const auto plain = run_eval_job(spec, {});
  spec.feature_cache = folder.path() / "cache";
  const auto first = run_eval_job(spec, {});
  CHECK_FALSE(std::filesystem::is_empty(spec.feature_cache));
  const auto second = run_eval_job(spec, {});
  CHECK(first[0].metrics == plain[0].metrics);
  CHECK(second[0].metrics == plain[0].metrics);
}

TEST_CASE("an image that cannot be decoded stops the evaluation by name") {
  const test::TemporaryFolder folder;
  write_dataset(folder.path());
  write_split(folder.path(), "test", {"0.png", "broken.png"});
  CHECK_THROWS_WITH(run_eval_job(make_spec(folder.path(), {EvalTask::kRetrieval}), {}),
                    Contains("s1"));
}

TEST_CASE("tasks that a data set cannot serve are refused before anything is embedded") {
  const test::TemporaryFolder folder;
  write_dataset(folder.path());
  const auto refused = [&](config::EvalTask task, const std::string& part) {
    CHECK_THROWS_WITH(run_eval_job(make_spec(folder.path(), {task}), {}), Contains(part));
  };
  std::filesystem::remove(folder.path() / "zeroshot_classification_templates.txt");
  refused(EvalTask::kZeroShot, "templates");
  std::filesystem::remove(folder.path() / "classnames.txt");
  refused(EvalTask::kZeroShot, "classnames.txt");
  std::filesystem::remove_all(folder.path() / "train");
  EvalSpec spec = make_spec(folder.path(), {EvalTask::kLinearProbe});
  spec.dataset.split = "train";
  CHECK_THROWS_AS(run_eval_job(spec, {}), ConfigError);
  spec.dataset.tasks.clear();
  CHECK_THROWS_AS(run_eval_job(spec, {}), ConfigError);
}

}  // namespace
}  // namespace helip::eval
