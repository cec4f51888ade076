#include "train/log/metrics_log.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "common/json.h"
#include "common/publish.h"
#include "support/temporary_folder.h"

namespace helip::train {
namespace {

using Keys = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // seed, step

Keys keys_of(const std::filesystem::path& file) {
  std::istringstream lines(read_text_file(file));
  Keys keys;
  for (std::string line; std::getline(lines, line);) {
    const auto entry = Json::parse(line);
    keys.emplace_back(entry.at("seed"), entry.at("step"));
  }
  return keys;
}

TEST_CASE("a resumed run leaves out its own lines past the resumed step") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "new" / "metrics.jsonl";
  {
    const MetricsLog log(file, 1, 0);
    for (std::uint64_t step = 1; step <= 4; ++step) log.append({.seed = 1, .step = step});
  }
  const MetricsLog other(file, 2, 0);
  other.append({.seed = 2, .step = 9});
  const MetricsLog resumed(file, 1, 2);
  CHECK(keys_of(file) == Keys{{1, 1}, {1, 2}, {2, 9}});
  resumed.append({.seed = 1, .step = 3});
  CHECK(keys_of(file) == Keys{{1, 1}, {1, 2}, {2, 9}, {1, 3}});
}

TEST_CASE("a torn line is left out") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "metrics.jsonl";
  publish_file(file, "{\"seed\":1,\"step\":1}\n{\"seed\":1,\"st");
  const MetricsLog log(file, 1, 5);
  log.append({.seed = 1, .step = 6});
  CHECK(keys_of(file) == Keys{{1, 1}, {1, 6}});
}

TEST_CASE("a line holds all numbers to the last bit") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "metrics.jsonl";
  const MetricsLog log(file, 3, 0);
  log.append({.seed = 3,
              .step = 7,
              .epoch = 0.25,
              .loss = 0.1 + 0.2,
              .contrastive_loss = 1.0 / 3,
              .margin_loss = 2,
              .lr = 1e-4,
              .logit_scale = 14.285714,
              .samples_per_second = 100,
              .data_time = 0.5,
              .batch_time = 0.75,
              .checkpoint_stall = 0.125,
              .peak_memory = 1ULL << 40U});
  const auto entry = Json::parse(read_text_file(file));
  CHECK(entry.at("loss").get<double>() == 0.1 + 0.2);
  CHECK(entry.at("contrastive_loss").get<double>() == 1.0 / 3);
  CHECK(entry.at("margin_loss") == 2);
  CHECK(entry.at("epoch") == 0.25);
  CHECK(entry.at("lr").get<double>() == 1e-4);
  CHECK(entry.at("logit_scale").get<double>() == 14.285714);
  CHECK(entry.at("samples_per_second") == 100);
  CHECK(entry.at("data_time") == 0.5);
  CHECK(entry.at("batch_time") == 0.75);
  CHECK_FALSE(entry.contains("ssl_loss"));
  CHECK(entry.at("checkpoint_stall") == 0.125);
  CHECK(entry.at("peak_memory") == 1ULL << 40U);
  for (const char* absent : {"peak_device_memory", "violated_share", "hard_pair_rank"}) {
    CHECK_FALSE(entry.contains(absent));
  }
}

TEST_CASE("a line holds the shares of the margin loss and a GPU's memory where there are any") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "metrics.jsonl";
  const MetricsLog log(file, 3, 0);
  log.append({.seed = 3,
              .step = 7,
              .margin_shares =
                  MarginShares{.violated = 0.1, .hard_pair_rank = 2.5, .false_negative = 0.01},
              .peak_device_memory = 5});
  const auto entry = Json::parse(read_text_file(file));
  CHECK(entry.at("violated_share") == 0.1);
  CHECK(entry.at("hard_pair_rank") == 2.5);
  CHECK(entry.at("false_negative_share") == 0.01);
  CHECK(entry.at("peak_device_memory") == 5);
}

TEST_CASE("SLIP's figures are in the lines of runs that have them") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "metrics.jsonl";
  const MetricsLog log(file, 3, 0);
  log.append({.step = 7, .ssl = SslFigures{.loss = 1.0 / 3, .accuracy = 12.5}});
  const auto entry = Json::parse(read_text_file(file));
  CHECK(entry.at("ssl_loss").get<double>() == 1.0 / 3);
  CHECK(entry.at("ssl_acc") == 12.5);
}

}  // namespace
}  // namespace helip::train
