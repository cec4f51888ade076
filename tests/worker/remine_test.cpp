// Mining again in a training: the table is the one that encoding and mining by hand give, a wish to
// stop leaves none, and the ranks that mine apart read what the training asks for.
#include "worker/stages/remine.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <vector>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "data/import/open_or_index.h"
#include "engine/engine.h"
#include "jobs/train.h"
#include "mining/encode/merge_embeddings.h"
#include "mining/mining_job.h"
#include "support/golden_towers.h"
#include "support/temporary_folder.h"
#include "worker/stages/table_requests.h"

using namespace helip;
using namespace helip::worker;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kPairs = 6;  // one with a picture that is cut off

config::RunConfig small_config() {
  config::RunConfig config;
  config.model = test::golden_towers();
  config.encoder.batch_size = 2;
  config.encoder.source = config::EncoderSource::kModel;
  config.encoder.task_samples = 4;
  config.mining.hard_pairs_per_target = 2;
  config.mining.task_targets = 4;
  config.mining.duplicate_ceiling = 2;  // the pictures are all alike to this model
  config.launcher.device = config::DeviceChoice::kCpu;
  return config;
}

const auto kNoProgress = [](std::uint64_t, std::uint64_t) {};

Rank rank_of(std::uint32_t rank, std::uint32_t size) {
  Rank made;
  made.rank = rank;
  made.size = size;
  made.launch = "launch-1";
  return made;
}

struct Training {
  test::TemporaryFolder folder;
  config::RunConfig config = small_config();
  jobs::WorkDir work_dir{folder.path() / "work"};
  Rank rank = rank_of(0, 1);
  Workbench bench{config, rank, work_dir};
  std::unique_ptr<comm::Group> group = engine::engine().open_group("local", "cpu", 60, 0);
  jobs::Task task;
  train::RemineRequest request;

  Training() {
    const Json captions = test::expected_of_pictures().at("captions");
    fs::create_directories(folder.path() / "shards");
    data::TarWriter tar(folder.path() / "shards" / "00000.tar");
    for (std::uint64_t i = 0; i < kPairs; ++i) {
      const bool broken = i == kPairs - 1;
      test::add_member(tar, cat(i, ".png"), test::picture(broken ? "broken.png" : cat(i, ".png")));
      test::add_member(tar, cat(i, ".txt"), captions.at(broken ? 0 : i).get<std::string>());
    }
    tar.publish();
    const jobs::CorpusFacts corpus{
        .folder = data::open_or_index({.path = (folder.path() / "shards").string()},
                                      folder.path() / "corpus")
                      .string(),
        .fingerprint = "f",
        .pairs = kPairs};
    task = jobs::make_task("seed-0", "digest", corpus, jobs::TrainTask{});
    // Other heads than the job began with: every third of their last values has another sign.
    fs::copy(config.model.init, folder.path() / "checkpoint");
    std::string heads = read_text_file(folder.path() / "checkpoint" / "heads.safetensors");
    for (std::size_t at = 1; at <= 1024; at += 12) {
      heads[heads.size() - at] = static_cast<char>(heads[heads.size() - at] ^ '\x80');
    }
    publish_file(folder.path() / "checkpoint" / "heads.safetensors", heads);
    mine_by_hand(1, config.model.init);
    request = {.version = 2,
               .step = 10,
               .first_step = 12,
               .checkpoint = folder.path() / "checkpoint",
               .previous_table = by_hand(1),
               .table = folder.path() / "tables" / "2"};
  }

  [[nodiscard]] fs::path by_hand(int version) const {
    return folder.path() / "by_hand" / cat(version);
  }

  // All pairs in one range, with the libraries of encode and mine.
  void mine_by_hand(int version, const fs::path& weights) {
    config::RunConfig with = config;
    with.model.init = weights.string();
    const fs::path folder_of = folder.path() / cat("steps-", version);
    fs::create_directories(folder_of);
    const fs::path encoded = folder_of / "encoded.safetensors";
    engine::engine()
        .open_encode_session(mining::encode_config(with), task.corpus.folder, {}, "cpu")
        ->encode(0, kPairs, encoded, {}, kNoProgress);
    mining::EncodeOutput output;
    output.embeddings = folder_of / "embeddings";
    output.quarantine = work_dir.corpus();
    const auto summary =
        mining::merge_embeddings({{{0, kPairs}, encoded}}, kPairs, output, kNoProgress);
    REQUIRE(summary.quarantined == 1);
    mining::MiningInput input;
    input.image_embeddings = output.embeddings / "img_emb";
    input.text_embeddings = output.embeddings / "text_emb";
    input.duplicate_groups = task.corpus.folder;
    input.quarantine = work_dir.corpus();
    const mining::MiningSession session(input, config.mining, 1, version);
    mining::mine_table(session, config.mining, version,
                       {.corpus_fingerprint = task.corpus.fingerprint,
                        .config_digest = task.config_digest,
                        .embeddings_digest = summary.embeddings_digest},
                       by_hand(version), kNoProgress);
  }

  bool remine_table(const std::function<bool()>& should_stop) {
    return remine(bench, task, request, *group, should_stop);
  }

  void expect_table_by_hand() {
    mine_by_hand(2, request.checkpoint);
    CHECK(read_text_file(by_hand(2) / "scores.npy") != read_text_file(by_hand(1) / "scores.npy"));
    for (const char* name : {"manifest.json", "indices.npy", "scores.npy", "suitable.npy"}) {
      CAPTURE(name);
      CHECK(read_text_file(request.table / name) == read_text_file(by_hand(2) / name));
    }
    CHECK_FALSE(fs::exists(request.table.string() + ".work"));
    CHECK_FALSE(fs::exists("image_features.npy"));  // in the worker's working directory
  }
};

const auto kNever = [] { return false; };

}  // namespace

TEST_CASE("a table that is mined again is the one of encoding and mining by hand") {
  Training training;
  // What a killed attempt leaves is done again.
  fs::create_directories(training.request.table.string() + ".work");
  publish_file(training.request.table.string() + ".work/encode-0.safetensors", "half a file");
  CHECK(training.remine_table(kNever));
  training.expect_table_by_hand();
}

TEST_CASE("mining again ends without a table when the rank is to stop, and goes on later") {
  Training training;
  int asked = 0;
  const int patience = GENERATE(0, 1, 2, 3);
  CHECK_FALSE(training.remine_table([&] { return asked++ >= patience; }));
  CHECK_FALSE(fs::exists(training.request.table));
  CHECK(training.remine_table(kNever));
  training.expect_table_by_hand();
}

TEST_CASE("weights that are not there are an error of mining again") {
  Training training;
  training.request.checkpoint = training.folder.path() / "none";
  CHECK_THROWS_WITH(training.remine_table(kNever), Catch::Contains("none"));
  CHECK_FALSE(fs::exists(training.request.table));
}

TEST_CASE("the last ranks of a launch mine, and one is left to train") {
  config::RemineConfig config;
  CHECK_FALSE(is_mining_rank(config, rank_of(3, 4)));
  config.workers = 2;
  std::vector<bool> mine;
  for (std::uint32_t rank = 0; rank < 4; ++rank) {
    mine.push_back(is_mining_rank(config, rank_of(rank, 4)));
  }
  CHECK(mine == std::vector<bool>{false, false, true, true});
  CHECK_THROWS_AS(is_mining_rank(config, rank_of(0, 2)), ConfigError);
}

TEST_CASE("miners make the tables that the training asks for until it ends") {
  Training training;
  const TableRequests requests(training.work_dir.exchange(training.rank.launch));
  publish_file(training.request.table / "stale", "of a killed training");
  requests.ask(training.task, 0, training.request);
  CHECK_FALSE(TableRequests::is_there(training.request));  // it is mined again
  const auto mine = [&](const std::function<bool()>& should_stop) {
    return mine_for_training(training.bench, *training.group, should_stop);
  };
  // The training ends as soon as it has its table.
  CHECK(mine([&] {
    if (TableRequests::is_there(training.request)) requests.end(/*stopped=*/false);
    return false;
  }));
  CHECK_FALSE(requests.miners_stop());
  training.expect_table_by_hand();
}

TEST_CASE("miners leave when the training was stopped, and tell it when they are") {
  Training training;
  const TableRequests requests(training.work_dir.exchange(training.rank.launch));
  SECTION("the training was stopped") {
    requests.end(/*stopped=*/true);
    CHECK_FALSE(mine_for_training(training.bench, *training.group, kNever));
    CHECK_FALSE(requests.miners_stop());
  }
  SECTION("a miner was") {
    CHECK_FALSE(mine_for_training(training.bench, *training.group, [] { return true; }));
    CHECK(requests.miners_stop());
  }
}

TEST_CASE("a damaged request for a table is named") {
  Training training;
  const fs::path folder = training.work_dir.exchange(training.rank.launch);
  TableRequests(folder).ask(training.task, 0, training.request);
  const fs::path file = folder / "request-0-2.json";
  std::string text = read_text_file(file);
  SECTION("cut off") { text.resize(text.size() / 2); }
  SECTION("without a key") {
    const auto at = text.find("\"step\"");
    REQUIRE(at != std::string::npos);
    text.replace(at, 6, "\"stop\"");
  }
  publish_file(file, text);
  CHECK_THROWS_AS(mine_for_training(training.bench, *training.group, kNever), StoreError);
  CHECK_THROWS_WITH(mine_for_training(training.bench, *training.group, kNever),
                    Catch::Contains("request-0-2.json"));
}

TEST_CASE("what made mining fail reaches the training with its kind") {
  Training training;
  const TableRequests requests(training.work_dir.exchange(training.rank.launch));
  const auto fail = [&](const std::exception& error) {
    requests.fail(error, /*patience=*/60, [] { return true; });
  };
  CHECK_FALSE(requests.miners_stop());
  fail(ConfigError({.what = "no such model", .where = "model.architecture", .found = "x"}));
  CHECK_THROWS_AS(requests.miners_stop(), ConfigError);
  CHECK_THROWS_WITH(requests.miners_stop(), "model.architecture: no such model; found x");
  fail(StoreError({.what = "not a .npy file", .where = "rows.npy"}));
  CHECK_THROWS_AS(requests.miners_stop(), StoreError);
  // A training that is over is not waited for.
  requests.end(/*stopped=*/false);
  requests.fail(DataError({.what = "late"}), /*patience=*/60, kNever);
}
