#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "common/error.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/text.h"
#include "data/corpus/corpus.h"
#include "data/corpus_support.h"
#include "data/import/open_or_index.h"
#include "store/hard_pair_table.h"
#include "store/npy.h"
#include "support/temporary_folder.h"

using helip::cat;
using helip::kNoPair;
namespace fs = std::filesystem;

namespace {

// Takes a stream's text while it lives.
class Captured {
 public:
  explicit Captured(std::ostream& stream) : stream_(stream), old_(stream.rdbuf(text_.rdbuf())) {}
  ~Captured() { stream_.rdbuf(old_); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* old_;
};

struct Printed {
  std::string out;
  std::string err;
};

Printed pairs(const std::string& arguments) {
  CLI::App app;
  int exit_code = 0;
  helip::cli::add_pairs_command(app, exit_code);
  const Captured out(std::cout);
  const Captured err(std::cerr);
  app.parse(cat("pairs ", arguments));
  return {out.text(), err.text()};
}

// Two hard pairs for each of 3 pairs.
std::string write_table(const fs::path& folder, const std::vector<std::uint32_t>& ids,
                        const std::string& fingerprint = "f", const std::string& embeddings = "e") {
  helip::store::HardPairManifest manifest;
  manifest.pairs = 3;
  manifest.hard_pairs_per_target = 2;
  manifest.method = "exact";
  manifest.corpus_fingerprint = fingerprint;
  manifest.embeddings_digest = embeddings;
  helip::store::HardPairTableWriter writer(folder, manifest);
  const std::vector<float> scores = {0.75F, 0.5F, 0.75F, 0.5F, 0.75F, 0};
  writer.rows(ids, scores);
  writer.publish();
  return folder.string();
}

std::string write_embeddings(const fs::path& file, std::uint64_t dim,
                             const std::vector<float>& values) {
  helip::store::NpyWriter writer(file, helip::store::DType::kF32, {3, dim});
  writer.write_values(std::span<const float>(values));
  writer.publish();
  return file.string();
}

}  // namespace

TEST_CASE("pairs compare prints the same facts for people and as JSON") {
  const helip::test::TemporaryFolder folder;
  const std::string a = write_table(folder.path() / "a", {1, 2, 0, 2, 1, kNoPair});
  const std::string b = write_table(folder.path() / "b", {1, 2, 0, 2, 0, kNoPair});
  const Printed printed = pairs(cat("compare ", a, " ", b, " --json"));
  const helip::Json facts = helip::Json::parse(printed.out);
  CHECK(facts["truth"]["folder"] == a);
  CHECK(facts["compared"]["folder"] == b);
  CHECK(facts["k"] == 2);
  CHECK(facts["targets"] == 3);
  CHECK(facts["truth_slots"] == 5);
  // The last row's other pair has the same score.
  CHECK(facts["hits"] == 5);
  CHECK(facts["recall"] == 1);
  CHECK(facts["mean_jaccard"].get<double>() == Approx(2.0 / 3));
  CHECK(facts["identical"] == 2);
  CHECK(facts["identical_share"].get<double>() == Approx(2.0 / 3));
  CHECK(printed.err.empty());
  const std::string text = pairs(cat("compare ", a, " ", b)).out;
  CHECK_THAT(text, Catch::Contains("recall@2     1.0000 (5 of 5 hard pairs)\n"));
  CHECK_THAT(text, Catch::Contains("jaccard      0.6667 on average"));
  CHECK_THAT(text, Catch::Contains("identical    2 (66.7 %)"));
}

TEST_CASE("pairs compare says what it has to assume, and refuses another corpus") {
  const helip::test::TemporaryFolder folder;
  const std::vector<std::uint32_t> ids = {1, 2, 0, 2, 1, kNoPair};
  const std::string a = write_table(folder.path() / "a", ids);
  const std::string bare = write_table(folder.path() / "bare", ids, "");
  const std::string other = write_table(folder.path() / "other", ids, "f", "other");
  CHECK_THAT(pairs(cat("compare ", a, " ", bare)).err, Catch::Contains("does not name its corpus"));
  CHECK_THAT(pairs(cat("compare ", a, " ", other)).err,
             Catch::Contains("different embeddings or rules"));
  const std::string foreign = write_table(folder.path() / "foreign", ids, "g");
  CHECK_THROWS_AS(pairs(cat("compare ", a, " ", foreign)), helip::DataError);
}

TEST_CASE("pairs stats adds the ratio to the own caption where it is given embeddings") {
  const helip::test::TemporaryFolder folder;
  const std::string table = write_table(folder.path() / "a", {1, 2, 0, 2, 1, kNoPair});
  const std::string images = write_embeddings(folder.path() / "i.npy", 2, {1, 0, 1, 0, 1, 0});
  // Cosines with every image: 0.6, 0.8 and -1.
  const std::string texts =
      write_embeddings(folder.path() / "t.npy", 2, {0.6F, 0.8F, 0.8F, 0.6F, -1, 0});
  const std::string wide = write_embeddings(folder.path() / "w.npy", 1, {1, 1, 1});
  const std::string embeddings = cat(" --image-embeddings ", images, " --text-embeddings ", texts);
  const helip::Json bare = helip::Json::parse(pairs(cat("stats ", table, " --json")).out);
  CHECK(bare["filled_slots"] == 5);
  CHECK_FALSE(bare.contains("positive_ratio"));
  CHECK_FALSE(bare.contains("same_caption_share"));

  const helip::Json facts =
      helip::Json::parse(pairs(cat("stats ", table, " --json", embeddings)).out);
  const helip::Json& ratio = facts["positive_ratio"];
  // 0: 0.8/0.6 and -1/0.6; 1: 0.6/0.8 and -1/0.8; 2 does not fit its own caption.
  CHECK(ratio["slots"] == 4);
  CHECK(ratio["left_out"] == 1);
  CHECK(ratio["mean"].get<double>() ==
        Approx((0.8 / 0.6 - 1 / 0.6 + 0.6 / 0.8 - 1 / 0.8) / 4).epsilon(1e-6));
  CHECK(ratio["quantiles"]["0.5"].get<double>() == Approx(-1 / 0.8));
  CHECK(ratio["quantiles"]["1"].get<double>() == Approx(0.8 / 0.6));
  CHECK(ratio["suspect_share"] == 0.25);
  CHECK(ratio["above_one_share"] == 0.25);
  const std::string text = pairs(cat("stats ", table, embeddings)).out;
  CHECK_THAT(text, Catch::Contains("above 0.95: 1 (25.0 %); above 1: 1 (25.0 %)"));
  CHECK_THAT(text, Catch::Contains("1 hard pairs left out"));

  CHECK_THROWS_AS(pairs(cat("stats ", table, " --image-embeddings ", images)), CLI::ParseError);
  CHECK_THROWS_AS(
      pairs(cat("stats ", table, " --image-embeddings ", images, " --text-embeddings ", wide)),
      helip::ConfigError);
}

TEST_CASE("pairs stats adds the duplicates where it is given the corpus") {
  using helip::test::png;
  using helip::test::tar_member;
  const helip::test::TemporaryFolder folder;
  const fs::path shards = folder.path() / "shards";
  // 0 and 1 have one image, 0 and 2 one caption.
  helip::test::write_file(shards / "00000.tar",
                          tar_member("a.png", png(1)) + tar_member("a.txt", "a ship") +
                              tar_member("b.png", png(1)) + tar_member("b.txt", "a boat") +
                              tar_member("c.png", png(2)) + tar_member("c.txt", "a ship") +
                              helip::test::kTarEnd);
  const fs::path corpus =
      helip::data::open_or_index({.path = shards.string()}, folder.path() / "corpus");
  const std::string fingerprint = helip::data::Corpus::open(corpus).manifest().fingerprint;
  const std::vector<std::uint32_t> ids = {1, 2, 0, 2, 1, kNoPair};
  const std::string table = write_table(folder.path() / "a", ids, fingerprint);
  const std::string with_corpus = cat(" --corpus ", corpus.string());
  const helip::Json facts =
      helip::Json::parse(pairs(cat("stats ", table, with_corpus, " --json")).out);
  CHECK(facts["same_image_slots"] == 2);
  CHECK(facts["same_image_share"] == 0.4);
  CHECK(facts["same_caption_slots"] == 1);
  CHECK(facts["same_caption_share"] == 0.2);
  CHECK_THAT(pairs(cat("stats ", table, with_corpus)).out,
             Catch::Contains("of 5 hard pairs, same caption 1 (20.0 %), same image 2 (40.0 %)"));
  const std::string foreign = write_table(folder.path() / "b", ids, "g");
  CHECK_THROWS_AS(pairs(cat("stats ", foreign, with_corpus)), helip::DataError);
}

TEST_CASE("pairs export writes a new folder of arrays") {
  const helip::test::TemporaryFolder folder;
  const std::string table = write_table(folder.path() / "a", {1, 2, 0, 2, 1, kNoPair});
  const std::string out = (folder.path() / "arrays").string();
  const std::string command = cat("export ", table, " --format npy --out ", out);
  CHECK(pairs(command).out == cat("3 targets written to ", out, "\n"));
  CHECK(helip::store::NpyArray::open(fs::path(out) / "indices.npy").shape() ==
        std::vector<std::uint64_t>{3, 2});
  CHECK_THROWS_AS(pairs(command), helip::ConfigError);
}
