#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "mining/mining_job.h"
#include "mining/pairs/embedding_files.h"
#include "mining_support.h"
#include "store/hard_pair_table.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;
using helip::config::MiningConfig;
using helip::config::MiningMethod;
using helip::store::HardPairTable;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kTableFiles = {"manifest.json", "indices.npy", "scores.npy",
                                              "suitable.npy"};

// All bytes of a table.
std::string table_bytes(const fs::path& folder) {
  std::string all;
  for (const std::string& file : kTableFiles) all += helip::sha256_file(folder / file);
  return all;
}

std::vector<TaskResult> mine_tasks(const MiningSession& session, const MiningConfig& config,
                                   const fs::path& folder) {
  std::vector<TaskResult> results;
  for (const TargetRange& range : mining_tasks(session.pairs(), config, 0, config.task_targets)) {
    const fs::path file = folder / ("task-" + std::to_string(range.first) + ".safetensors");
    const std::string sha256 =
        session.mine_to_file(range.first, range.count, file, {{"task", "x"}}, {});
    CHECK(sha256 == helip::sha256_file(file));
    results.push_back({range, file});
  }
  return results;
}

const TableProvenance kProvenance{
    .corpus_fingerprint = "f", .config_digest = "c", .embeddings_digest = "e"};

}  // namespace

TEST_CASE("tasks cover all targets and never cross a pool") {
  MiningConfig config = small_config(MiningMethod::kFast);
  for (const MiningMethod method : {MiningMethod::kExact, MiningMethod::kFast}) {
    config.method = method;
    for (const std::uint32_t task_targets : {1U, 50U, 77U, 1000U, 4294967295U}) {
      for (const std::uint64_t refresh : {std::uint64_t{1}, std::uint64_t{77}, ~std::uint64_t{0}}) {
        config.task_targets = task_targets;
        config.pool_refresh_targets = refresh;
        std::uint64_t next = 0;
        for (const TargetRange& range : mining_tasks(210, config, 0, task_targets)) {
          CHECK(range.first == next);
          CHECK((range.count >= 1 && range.count <= task_targets));
          if (method == MiningMethod::kFast) {
            CHECK(range.first / refresh == (range.first + range.count - 1) / refresh);
          }
          next += range.count;
        }
        CHECK(next == 210);
      }
    }
  }
  config = small_config(MiningMethod::kExact);
  CHECK(mining_tasks(210, config, 0, 50).size() == 5);
  CHECK(mining_tasks(0, config, 0, 50).empty());
  config.hard_pairs_per_target = 210;
  CHECK_THROWS_WITH(mining_tasks(210, config, 0, 50),
                    Catch::Contains("mining.hard_pairs_per_target") && Catch::Contains("1 to 209"));
  // A range that would end below its start.
  CHECK_THROWS_WITH(mining_tasks(1, config, 0, 50),
                    "the corpus: no pair has another one to be mined; expected 2 pairs or more; "
                    "found a corpus of 1 pair");
  config = small_config(MiningMethod::kFast);
  config.pool_size = 1;
  CHECK_THROWS_WITH(mining_tasks(210, config, 0, 50),
                    "mining.pool_size: no pair has another one to be mined; expected 2 pairs or "
                    "more; found a pool of 1 pair");
}

TEST_CASE("the table is the same to the byte for any threads, tasks and order of results") {
  const Pairs pairs = grouped_pairs();
  const TemporaryFolder folder;
  const MiningInput input = write_pairs(pairs, folder.path() / "in");
  for (const MiningMethod method : {MiningMethod::kExact, MiningMethod::kFast}) {
    const MiningConfig config = small_config(method);
    std::string expected;
    int table = 0;
    const auto next_folder = [&] { return folder.path() / helip::cat(method, "-", table++); };
    for (const std::uint32_t threads : {1U, 2U, 3U}) {
      const MiningSession session(input, config, threads, 4);
      for (const std::uint32_t task_targets : {37U, 210U}) {
        CAPTURE(method, threads, task_targets);
        MiningConfig cut = config;
        cut.task_targets = task_targets;
        std::vector<TaskResult> results = mine_tasks(session, cut, next_folder());
        std::reverse(results.begin(), results.end());
        const fs::path merged = next_folder();
        merge_into_table(results, 210, cut, 4, kProvenance, merged);
        if (expected.empty()) expected = table_bytes(merged);
        CHECK(table_bytes(merged) == expected);
      }
      MiningConfig one_by_one = config;
      one_by_one.task_targets = 1;
      const fs::path whole = next_folder();
      mine_table(session, one_by_one, 4, kProvenance, whole, {});
      CHECK(table_bytes(whole) == expected);
    }
  }
}

TEST_CASE("the table holds what brute force finds, and says how it was made") {
  const Pairs pairs = grouped_pairs();
  const TemporaryFolder folder;
  const MiningConfig config = small_config(MiningMethod::kExact);
  const MiningSession session(write_pairs(pairs, folder.path() / "in"), config, 2);
  std::uint64_t last = 0;
  mine_table(session, config, 2, kProvenance, folder.path() / "table",
             [&](std::uint64_t done, std::uint64_t total) {
               CHECK(done > last);
               CHECK(total == 210);
               last = done;
             });
  CHECK(last == 210);
  const HardPairTable table = HardPairTable::open(folder.path() / "table", "f");
  const Rows expected =
      brute_force(pairs, {.image_floor = 0, .text_floor = 0.125, .duplicate_ceiling = 0.98}, 6);
  std::uint64_t suitable = 0;
  for (std::uint64_t i = 0; i < 210; ++i) {
    const auto partners = table.partners(helip::SampleId{i});
    const auto scores = table.scores(helip::SampleId{i});
    for (std::uint64_t slot = 0; slot < 6; ++slot) {
      CHECK(partners[slot] == expected.indices[i * 6 + slot]);
      CHECK(scores[slot] == expected.scores[i * 6 + slot]);
    }
    const bool full = expected.indices[i * 6 + 5] != helip::kNoPair;
    CHECK(table.suitable(helip::SampleId{i}) == full);
    suitable += full ? 1 : 0;
  }
  const auto& manifest = table.manifest();
  CHECK(suitable == manifest.suitable);
  CHECK((suitable > 0 && suitable < 209));
  CHECK(manifest.version == 2);
  CHECK(manifest.method == "exact");
  CHECK(manifest.pool_size == 210);
  CHECK(manifest.text_floor == 0.125);
  CHECK(manifest.embeddings_digest == "e");
  CHECK_FALSE(manifest.cpu_model.empty());
  CHECK(manifest.build.starts_with("helip "));
}

TEST_CASE(
    "a table with filters and a hub cap is the definition's, and its mask is from before them") {
  Pairs pairs = random_pairs(210, 16, 16, 23);
  pairs.quarantined.assign(210, 0);
  pairs.quarantined[9] = 1;
  const TemporaryFolder folder;
  const MiningInput input = write_pairs(pairs, folder.path() / "in");
  MiningConfig config = small_config(MiningMethod::kExact);
  config.image_floor = 0.4;
  config.text_floor = 0.4;
  config.metric = Metric::kImage;
  config.max_score = 0.75;
  config.absolute_margin = 0.0;
  config.hub_cap = 3;
  const MiningSession session(input, config, 2);
  REQUIRE(session.slots() == 12);
  mine_table(session, config, 1, kProvenance, folder.path() / "whole", {});
  merge_into_table(mine_tasks(session, config, folder.path() / "tasks"), 210, config, 1,
                   kProvenance, folder.path() / "merged");
  CHECK(table_bytes(folder.path() / "whole") == table_bytes(folder.path() / "merged"));

  const ScoreRules rules{.image_floor = 0.4, .text_floor = 0.4, .metric = Metric::kImage};
  const auto similarity = [&](std::uint64_t i, std::uint64_t j) {
    return cosine(
        exact_dot(pairs.image(i), pairs.text(j)),
        exact_dot(pairs.image(i), pairs.image(i)) * exact_dot(pairs.text(j), pairs.text(j)));
  };
  const Rows filtered =
      brute_force(pairs, rules, 12, {}, [&](std::uint64_t i, std::uint64_t j, float score) {
        return score <= 0.75 && similarity(i, j) <= similarity(i, i);
      });
  const Rows expected = capped_by_definition(filtered, 12, 3, 6);
  const HardPairTable table = HardPairTable::open(folder.path() / "whole");
  int suitable = 0;
  int short_of_pairs = 0;
  for (std::uint64_t i = 0; i < 210; ++i) {
    const auto partners = table.partners(helip::SampleId{i});
    const auto scores = table.scores(helip::SampleId{i});
    for (std::uint64_t slot = 0; slot < 6; ++slot) {
      CHECK(partners[slot] == expected.indices[i * 6 + slot]);
      CHECK(scores[slot] == expected.scores[i * 6 + slot]);
    }
    // k, not the 2k that are mined.
    CHECK(table.suitable(helip::SampleId{i}) == (filtered.filled[i] >= 6));
    suitable += table.suitable(helip::SampleId{i}) ? 1 : 0;
    short_of_pairs += table.suitable(helip::SampleId{i}) && partners[5] == helip::kNoPair ? 1 : 0;
  }
  CHECK((suitable > 0 && suitable < 209));
  CHECK((short_of_pairs > 0 && short_of_pairs < suitable));
  CHECK(table.manifest().hub_cap == 3);
  CHECK(table.manifest().metric == "image");
  CHECK(table.manifest().max_score == 0.75);
  CHECK(table.manifest().absolute_margin == 0.0);
}

TEST_CASE("with a hub cap 2k are mined, or as many as there are") {
  MiningConfig config = small_config(MiningMethod::kExact);
  CHECK(mined_per_target(210, config) == 6);
  config.hub_cap = 1;
  CHECK(mined_per_target(210, config) == 12);
  CHECK(mined_per_target(13, config) == 12);
  CHECK(mined_per_target(12, config) == 11);
  config.method = MiningMethod::kFast;
  config.pool_size = 9;
  CHECK(mined_per_target(210, config) == 8);
}

TEST_CASE("the version of the table chooses the pools") {
  const Pairs pairs = random_pairs(210, 8, 8, 2);
  const TemporaryFolder folder;
  const MiningInput input = write_pairs(pairs, folder.path());
  const MiningConfig config = small_config(MiningMethod::kFast);
  const auto rows = [&](int version) {
    Rows found = empty_rows(210, 6);
    MiningSession(input, config, 1, version)
        .mine(0, 210, found.indices, found.scores, found.filled, {});
    return found;
  };
  CHECK(rows(1) == rows(1));
  CHECK_FALSE(rows(1) == rows(2));
}

TEST_CASE("merging refuses results that are missing, doubled, damaged or of another task") {
  const TemporaryFolder folder;
  const fs::path base = folder.path();
  const MiningConfig config = small_config(MiningMethod::kExact);
  const MiningSession session(write_pairs(grouped_pairs(), base / "in"), config, 1);
  const std::vector<TaskResult> good = mine_tasks(session, config, base / "tasks");
  REQUIRE(good.size() == 5);
  const fs::path table = base / "table";
  const auto merge = [&](const std::vector<TaskResult>& results) {
    const std::string problem =
        error_of([&] { merge_into_table(results, 210, config, 1, kProvenance, table); });
    CHECK_FALSE(fs::exists(table));
    return problem;
  };

  auto results = good;
  results.erase(results.begin() + 2);
  CHECK(merge(results) ==
        "the mining results do not cover the corpus; expected pairs 0 to 210; found no result for "
        "pair 100");
  results = good;
  results.pop_back();
  CHECK(merge(results) ==
        "the mining results do not cover the corpus; expected pairs 0 to 210; found no result for "
        "pair 200");
  CHECK(merge({}) ==
        "the mining results do not cover the corpus; expected pairs 0 to 210; found no result for "
        "pair 0");
  results = good;
  results.push_back(good[1]);
  CHECK(merge(results) == good[1].file.string() +
                              ": two mining results hold the same pair; expected a range from 100; "
                              "found a range from 50");
  results = good;
  std::swap(results[0].file, results[1].file);
  CHECK(merge(results) == results[0].file.string() +
                              ": indices: the mining result is of another task; expected [50, 6] "
                              "from 0; found [50, 6] from 50");
  results = good;
  std::swap(results[0].file, results[4].file);
  CHECK(merge(results) == results[0].file.string() +
                              ": indices: the mining result is of another task; expected [50, 6] "
                              "from 0; found [10, 6] from 200");
  results = good;
  results[3].file = base / "nowhere.safetensors";
  CHECK(merge(results).starts_with((base / "nowhere.safetensors").string()));

  // Truncated at any length, the file is refused.
  const std::string bytes = bytes_of(good[2].file);
  results = good;
  results[2].file = base / "cut.safetensors";
  for (std::size_t length = 0; length < bytes.size(); length += bytes.size() / 23 + 1) {
    std::ofstream(results[2].file, std::ios::binary) << bytes.substr(0, length);
    CHECK(merge(results) != "no error");
  }
  // An id that no pair has.
  std::vector<std::uint32_t> ids(50 * 6, 210);
  std::vector<float> scores(50 * 6, 0.5F);
  std::vector<std::uint32_t> filled(50, 6);
  helip::store::write_safetensors(results[2].file,
                                  {{"indices", {"U32", {50, 6}, std::as_bytes(std::span(ids))}},
                                   {"scores", {"F32", {50, 6}, std::as_bytes(std::span(scores))}},
                                   {"filled", {"U32", {50}, std::as_bytes(std::span(filled))}}},
                                  {{"first", "100"}});
  CHECK(merge(results) == results[2].file.string() +
                              ": the mining result names a pair that is not in the corpus; "
                              "expected ids below 210; found 210");
  CHECK_NOTHROW(merge_into_table(good, 210, config, 1, kProvenance, table));
}

TEST_CASE("the digest of embeddings names the files' content in the order of their parts") {
  const TemporaryFolder folder;
  const fs::path base = folder.path();
  const auto write = [&](const std::string& name, float value) {
    write_npy<float>(base / name, helip::store::DType::kF32, {1, 2}, {value, 1});
    return helip::sha256_file(base / name) + "\n";
  };
  std::string expected;
  for (int part = 0; part < 11; ++part) {
    expected += write("img_emb/img_emb_" + std::to_string(part) + ".npy", static_cast<float>(part));
  }
  expected += write("text_emb/text_emb_0.npy", 50);
  std::ofstream(base / "img_emb" / "notes.txt") << "x";
  CHECK(embedding_files(base / "img_emb").size() == 11);
  CHECK(embedding_files(base / "img_emb").at(10).filename() == "img_emb_10.npy");
  CHECK(embeddings_digest(base, base) == helip::sha256_hex(expected));
  CHECK(embeddings_digest(base / "img_emb", base / "text_emb" / "text_emb_0.npy") ==
        helip::sha256_hex(expected));
}

TEST_CASE("8-bit copies in a scratch folder give the same table, and leave nothing there") {
  const TemporaryFolder folder;
  const Pairs pairs = grouped_pairs();
  const MiningInput input = write_pairs(pairs, folder.path() / "embeddings");
  const fs::path scratch = folder.path() / "scratch";
  fs::create_directories(scratch);
  for (const MiningMethod method :
       {MiningMethod::kExact, MiningMethod::kFast, MiningMethod::kIndex}) {
    MiningConfig config = small_config(method);
    const MiningSession in_memory(input, config, 2);
    mine_table(in_memory, config, 1, kProvenance, folder.path() / helip::cat("memory-", method),
               {});
    config.scratch = scratch.string();
    const MiningSession mapped(input, config, 2);
    mine_table(mapped, config, 1, kProvenance, folder.path() / helip::cat("scratch-", method), {});
    CAPTURE(method);
    CHECK(table_bytes(folder.path() / helip::cat("memory-", method)) ==
          table_bytes(folder.path() / helip::cat("scratch-", method)));
    CHECK(fs::is_empty(scratch));
  }
  MiningConfig config = small_config(MiningMethod::kExact);
  config.scratch = (folder.path() / "absent").string();
  CHECK_THROWS_WITH(MiningSession(input, config, 2),
                    Catch::Contains("no scratch memory") && Catch::Contains("absent"));
}
