#include "mining/table/table_export.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>

#include "common/error.h"
#include "common/ids.h"
#include "common/json.h"
#include "mining_support.h"
#include "store/npy.h"
#include "support/temporary_folder.h"

using helip::kNoPair;
using namespace helip::mining;

namespace {

const helip::test::Rows kRows{{2, 1, 0, kNoPair, 1, 0}, {0.5F, 0.1F, 0.3F, 0, 1e-30F, 1e-44F}};

}  // namespace

TEST_CASE("tables are exported as the public code's CSV and as JSON lines") {
  const helip::test::TemporaryFolder folder;
  const auto table = helip::test::write_table(folder.path() / "t", 2, kRows);

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
    const auto json = helip::Json::parse(line);
    CHECK(json["target"] == target);
    CHECK(json["suitable"] == (target != 1));
    const std::size_t filled = target == 1 ? 1 : 2;
    REQUIRE(json["hard_pairs"].size() == filled);
    REQUIRE(json["scores"].size() == filled);
    for (std::size_t slot = 0; slot < filled; ++slot) {
      CHECK(json["hard_pairs"][slot] == kRows.indices[target * 2 + slot]);
      CHECK(json["scores"][slot].get<float>() == kRows.scores[target * 2 + slot]);
    }
  }
  CHECK(target == 3);
}

TEST_CASE("the arrays of a table are exported together into a new folder") {
  using helip::store::DType;
  using helip::store::NpyArray;
  const helip::test::TemporaryFolder folder;
  const auto table = helip::test::write_table(folder.path() / "t", 2, kRows);
  const std::vector<std::uint64_t> shape = {3, 2};
  for (const std::string name : {"plain", "with_slash/"}) {
    CAPTURE(name);
    const std::filesystem::path out = folder.path() / "made" / name;
    CHECK(export_npy(table, out) == 3);
    const NpyArray ids = NpyArray::open(out / "indices.npy");
    CHECK(ids.dtype() == DType::kU32);
    CHECK(ids.shape() == shape);
    CHECK(std::ranges::equal(ids.as<std::uint32_t>(), kRows.indices));
    const NpyArray scores = NpyArray::open(out / "scores.npy");
    CHECK(scores.dtype() == DType::kF32);
    CHECK(scores.shape() == shape);
    CHECK(std::ranges::equal(scores.as<float>(), kRows.scores));
    CHECK_THROWS_AS(export_npy(table, out), helip::ConfigError);
    CHECK_THROWS_WITH(export_npy(table, out), Catch::Contains("the output exists already") &&
                                                  Catch::Contains(out.string()));
  }
  // Nothing but the two folders, and nothing in them but the arrays.
  std::filesystem::recursive_directory_iterator made(folder.path() / "made");
  CHECK(std::distance(begin(made), end(made)) == 6);
}
