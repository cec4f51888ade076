// Holds a hard-pair table against brute force: targets against every candidate by exact_pair_score,
// fully sorted. Ids, order and scores must be equal. For tables of the exact method without filters
// or hub cap. usage: helip_table_oracle WORK_DIR | --images DIR --texts DIR --table DIR [--targets
// N --seed S]: all targets of a job's table, or random ones of a table that helip mine made from
// bare embeddings.
#include <cstdlib>
#include <iostream>
#include <map>
#include <thread>

#include "common/error.h"
#include "common/text.h"
#include "config/read_choice.h"
#include "data/corpus/corpus.h"
#include "data/corpus/quarantine.h"
#include "mining/mining_support.h"
#include "mining/sample_oracle.h"
#include "store/embedding_store.h"
#include "store/hard_pair_table.h"

namespace {

namespace fs = std::filesystem;
using namespace helip;

// The only folder of WORK/embeddings: the model's.
fs::path embeddings_of(const fs::path& work) {
  for (const auto& entry : fs::directory_iterator(work / "embeddings")) return entry.path();
  throw StoreError({.what = "no embeddings", .where = work.string()});
}

std::vector<float> all_rows(const fs::path& folder, std::uint32_t& dim) {
  const auto store = store::EmbeddingStore::open(folder);
  dim = store.dim();
  std::vector<float> rows(store.rows() * dim);
  store.read_rows(0, store.rows(), rows);
  return rows;
}

int check(const fs::path& work) {
  std::ifstream location(work / "corpus" / "location.txt");
  std::string corpus_folder;
  std::getline(location, corpus_folder);
  const auto corpus = data::Corpus::open(corpus_folder);
  const auto table =
      store::HardPairTable::open(work / "hard_pairs" / "1", corpus.manifest().fingerprint);

  test::Pairs pairs;
  pairs.images = all_rows(embeddings_of(work) / "img_emb", pairs.image_dim);
  pairs.texts = all_rows(embeddings_of(work) / "text_emb", pairs.text_dim);
  pairs.image_group.assign(corpus.image_groups().begin(), corpus.image_groups().end());
  pairs.caption_group.assign(corpus.caption_groups().begin(), corpus.caption_groups().end());
  pairs.quarantined = data::read_quarantine(work / "corpus", corpus.size());

  const store::HardPairManifest& manifest = table.manifest();
  const test::Rows oracle =
      test::brute_force(pairs,
                        {.image_floor = manifest.image_floor,
                         .text_floor = manifest.text_floor,
                         .duplicate_ceiling = manifest.duplicate_ceiling,
                         .metric = config::read_choice<mining::Metric>(manifest.metric, "metric")},
                        table.k());
  for (std::uint64_t i = 0; i < table.size(); ++i) {
    const auto partners = table.partners(SampleId{i});
    const auto scores = table.scores(SampleId{i});
    for (std::uint32_t slot = 0; slot < table.k(); ++slot) {
      const std::size_t at = i * table.k() + slot;
      if (partners[slot] == oracle.indices[at] && scores[slot] == oracle.scores[at]) continue;
      std::cerr << cat("target ", i, ", slot ", slot, ": expected pair ", oracle.indices[at],
                       " with score ", oracle.scores[at], "; found ", partners[slot], " with ",
                       scores[slot], "\n");
      return EXIT_FAILURE;
    }
  }
  std::cout << "table equals brute force for all " << table.size() << " targets, k = " << table.k()
            << "\n";
  return EXIT_SUCCESS;
}

int check_sample(const std::map<std::string, std::string>& options) {
  const auto table = store::HardPairTable::open(options.at("--table"));
  test::SampleOracle oracle{.images = options.at("--images"), .texts = options.at("--texts")};
  oracle.threads = std::max(1U, std::thread::hardware_concurrency());
  if (const auto targets = options.find("--targets"); targets != options.end()) {
    oracle.targets = static_cast<std::uint32_t>(std::stoul(targets->second));
  }
  if (const auto seed = options.find("--seed"); seed != options.end()) {
    oracle.seed = std::stoull(seed->second);
  }
  if (const auto difference = test::first_difference(table, oracle)) {
    std::cerr << *difference << "\n";
    return EXIT_FAILURE;
  }
  std::cout << "equal to brute force for all "
            << std::min<std::uint64_t>(oracle.targets, table.size())
            << " targets, k = " << table.k() << "\n";
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2) return check(argv[1]);
    std::map<std::string, std::string> options;
    for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
    if (options.contains("--images") && options.contains("--texts") &&
        options.contains("--table")) {
      return check_sample(options);
    }
    std::cerr << "usage: helip_table_oracle WORK_DIR | --images DIR --texts DIR --table DIR "
                 "[--targets N --seed S]\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
  }
  return EXIT_FAILURE;
}
