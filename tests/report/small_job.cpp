#include "small_job.h"

#include <cmath>
#include <span>
#include <utility>

#include "common/digest.h"
#include "common/ids.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "data/corpus/corpus.h"
#include "data/corpus/tar_writer.h"
#include "data/image/encode_image.h"
#include "data/import/open_or_index.h"
#include "jobs/result_file.h"
#include "jobs/work_dir.h"
#include "store/hard_pair_table.h"
#include "store/npy.h"

namespace helip::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kPartners = 2;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

void write_shard(const fs::path& file, const std::vector<std::string>& captions) {
  data::TarWriter tar(file);
  for (std::size_t i = 0; i < captions.size(); ++i) {
    data::Image image{4, 4, std::vector<std::uint8_t>(48, static_cast<std::uint8_t>(10 * i + 5))};
    tar.add(cat("0000", i, ".png"), data::encode_png(image));
    tar.add(cat("0000", i, ".txt"), bytes_of(captions[i]));
  }
  tar.publish();
}

// Image i is at i times 10 degrees, its text 5 degrees further: the texts before and after it are
// at 5 and 15 degrees from it.
void write_embeddings(const fs::path& folder, std::uint64_t pairs) {
  constexpr double kStep = 3.14159265358979323846 / 18;
  for (const auto& [name, turn] : {std::pair{"img_emb", 0.0}, {"text_emb", 0.5}}) {
    fs::create_directories(folder / name);
    std::vector<float> values;
    for (std::uint64_t i = 0; i < pairs; ++i) {
      const double angle = kStep * (static_cast<double>(i) + turn);
      values.push_back(static_cast<float>(std::cos(angle)));
      values.push_back(static_cast<float>(std::sin(angle)));
    }
    store::NpyWriter writer(folder / name / cat(name, "_0.npy"), store::DType::kF32, {pairs, 2});
    writer.write_values(std::span<const float>(values));
    writer.publish();
  }
}

// Target i has partners i+1 and i+2; the last pair has only one and is unsuitable.
void write_table(const fs::path& folder, std::uint32_t pairs, const std::string& fingerprint) {
  store::HardPairManifest manifest;
  manifest.corpus_fingerprint = fingerprint;
  manifest.method = "exact";
  manifest.pairs = pairs;
  manifest.hard_pairs_per_target = kPartners;
  manifest.pool_size = pairs;
  manifest.image_floor = 0.25F;
  store::HardPairTableWriter writer(folder, manifest);
  for (std::uint32_t row = 0; row < pairs; ++row) {
    const bool last = row + 1 == pairs;
    const std::uint32_t ids[] = {(row + 1) % pairs, last ? kNoPair : (row + 2) % pairs};
    const float scores[] = {0.9F - 0.1F * static_cast<float>(row), last ? 0.0F : 0.125F};
    writer.rows(ids, scores);
  }
  writer.publish();
}

}  // namespace

std::vector<eval::EvalResult> small_results(const std::string& label, double accuracy,
                                            double image_recall, double text_recall) {
  return {{"classes", "small", label, "zeroshot_classification", {{"acc1", accuracy}}, "en"},
          {"pairs",
           "small",
           label,
           "zeroshot_retrieval",
           {{"image_retrieval_recall@1", image_recall}, {"text_retrieval_recall@1", text_recall}},
           "en"}};
}

SmallJob::SmallJob(const fs::path& work_folder, const std::vector<std::string>& captions)
    : folder(work_folder) {
  const fs::path corpus = folder.parent_path() / (folder.filename().string() + "-corpus");
  fs::create_directories(corpus);
  fs::create_directories(folder / "corpus");
  fs::create_directories(folder / "hard_pairs");
  write_shard(corpus / "00000.tar", captions);
  const fs::path indexed =
      data::open_or_index({.path = corpus.string()}, folder / "corpus" / "index");
  publish_file(folder / "corpus" / "location.txt", fs::absolute(indexed).string() + "\n");
  write_table(folder / "hard_pairs" / "1", static_cast<std::uint32_t>(captions.size()),
              data::Corpus::open(indexed).manifest().fingerprint);
  write_embeddings(folder / "embeddings" / "small", captions.size());

  config.corpus.path = corpus.string();
  config.model.architecture = (folder / "towers").string();
  config.model.init = (folder / "base").string();
  config.model.name = "small";
  config.mining.hard_pairs_per_target = kPartners;
  config.train.hard_pairs_per_seed = 1;
  config.train.steps = 40;
  config.train.repeats = 2;
  config.output.work_dir = folder.string();
  config.output.gallery_targets = 3;
  write_config();

  for (const auto& [label, shift] : {std::pair{"init", 0.0}, {"seed-1", 0.02}, {"seed-2", 0.04}}) {
    const auto some = small_results(label, 0.25 + shift, 0.30 + shift, 0.40 + shift);
    results.insert(results.end(), some.begin(), some.end());
  }
  write_results();
  for (const std::uint64_t seed : {1U, 2U}) {
    write_training({.seed = seed,
                    .steps = 40,
                    .final_loss = 0.1,
                    .initial_digest = "of the base",
                    .usable_pairs = captions.size(),
                    .pairs = 640,
                    .views = 0});
  }
  for (const int seed : {1, 2}) {
    for (int step = 20; step <= 40; step += 20) {
      append_line(folder / "metrics.jsonl",
                  cat("{\"seed\":", seed, ",\"step\":", step, ",\"loss\":", 3.0 / step,
                      ",\"contrastive_loss\":", 2.0 / step, ",\"margin_loss\":0.001,\"lr\":1e-4}"));
    }
  }
}

void SmallJob::write_config() const {
  publish_file(folder / "config.yaml", config::to_yaml(config));
}

void SmallJob::write_training(const jobs::TrainResult& result) const {
  const jobs::Task task = jobs::make_task(jobs::train_name(result.seed), "digest", {},
                                          jobs::TrainTask{.seed = result.seed});
  const std::string text = jobs::result_text(task, jobs::to_json(result));
  const fs::path tasks = jobs::WorkDir(folder).tasks(jobs::Stage::kTrain);
  fs::create_directories(tasks);
  publish_file(tasks / jobs::result_name(task, 3, sha256_hex(text)), text);
}

void SmallJob::write_results() const { eval::write_results(folder / "results.json", results); }

}  // namespace helip::test
