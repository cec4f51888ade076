#include "mining/table_export.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "common/ids.h"
#include "mining_support.h"
#include "support/temporary_folder.h"

using helip::kNoPair;
using namespace helip::mining;

TEST_CASE("tables are exported as the public code's CSV and as JSON lines") {
  const helip::test::TemporaryFolder folder;
  helip::store::HardPairManifest manifest;
  manifest.pairs = 3;
  manifest.hard_pairs_per_target = 2;
  helip::store::HardPairTableWriter writer(folder.path() / "t", manifest);
  const std::vector<std::uint32_t> ids = {2, 1, 0, kNoPair, 1, 0};
  const std::vector<float> scores = {0.5F, 0.1F, 0.3F, 0, 1e-30F, 1e-44F};
  writer.rows(ids, scores);
  writer.publish();
  const auto table = helip::store::HardPairTable::open(folder.path() / "t");

  CHECK(export_csv(table, folder.path() / "x_hard_sample.csv") == 2);
  CHECK(helip::test::bytes_of(folder.path() / "x_hard_sample.csv") == "0,2,1\r\n2,1,0\r\n");

  CHECK(export_jsonl(table, folder.path() / "x.jsonl") == 3);
  const std::string text = helip::test::bytes_of(folder.path() / "x.jsonl");
  CHECK(
      text.starts_with("{\"target\":0,\"suitable\":true,\"hard_pairs\":[2,1],"
                       "\"scores\":[0.5,0.1]}\n{\"target\":1,\"suitable\":false,"));
  std::istringstream lines(text);
  std::size_t target = 0;
  for (std::string line; std::getline(lines, line); ++target) {
    const auto json = nlohmann::json::parse(line);
    CHECK(json["target"] == target);
    CHECK(json["suitable"] == (target != 1));
    const std::size_t filled = target == 1 ? 1 : 2;
    REQUIRE(json["hard_pairs"].size() == filled);
    REQUIRE(json["scores"].size() == filled);
    for (std::size_t slot = 0; slot < filled; ++slot) {
      CHECK(json["hard_pairs"][slot] == ids[target * 2 + slot]);
      CHECK(json["scores"][slot].get<float>() == scores[target * 2 + slot]);
    }
  }
  CHECK(target == 3);
}
