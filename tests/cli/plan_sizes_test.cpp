// What the plan of a job counts: pairs, parameters and memory.
#include <catch2/catch.hpp>
#include <cmath>

#include "cli/preflight/corpus_count.h"
#include "cli/preflight/mine_memory.h"
#include "cli/preflight/model_plan.h"
#include "job_inputs.h"

namespace helip::cli {
namespace {

TEST_CASE("the memory of a mining worker is that of its 8-bit copies") {
  config::MiningConfig mining;
  mining.hard_pairs_per_target = 10;
  mining.task_seconds = 0;
  mining.task_targets = 100;
  // 65 and 64 elements: rows of 128 and 64 bytes.
  const MineMemory exact = mine_memory(1000, {65, 64}, mining, 2);
  CHECK(exact.rows == 1000 * (128 + 64));
  CHECK(exact.panels == exact.rows);
  CHECK(exact.numbers == 1000 * (2 * (8 + 4 * 4 + 2 * 4) + 1));
  CHECK(exact.task == 100 * (10 * 8 + 4));
  CHECK(exact.mapped == 1000 * 4 * (65 + 64));
  CHECK(exact.held == exact.rows + exact.panels + exact.numbers + exact.task);
  mining.scratch = "/somewhere";
  CHECK(mine_memory(1000, {65, 64}, mining, 2).held == exact.numbers + exact.task);
  mining.task_seconds = 60;
  mining.hub_cap = 5;  // rows of 2k are mined
  CHECK(mine_memory(1000, {65, 64}, mining, 2).task == 125 * (20 * 8 + 4));
  mining.method = config::MiningMethod::kFast;
  mining.pool_size = 50;
  CHECK(mine_memory(1000, {65, 64}, mining, 2).panels == 50 * (128 + 64));
  mining.method = config::MiningMethod::kIndex;
  mining.index_lists = 10;
  const MineMemory lists = mine_memory(1000, {65, 64}, mining, 2);
  CHECK(lists.panels == (1000 + 10 * 32) * (128 + 64));
  mining.index = config::IndexWay::kLists;
  CHECK(mine_memory(1000, {65, 64}, mining, 2).numbers == lists.numbers);
  // Short vectors of 64 dimensions, and texts of one.
  mining.index = config::IndexWay::kAuto;
  mining.index_lists = 0;
  const double of_lists = 1000 * 2 * 4 + 1000 * (2 * (8 + 4 * 4) + 1);
  const double packed = 2 * 4 * 2 * (1000 + 2 * std::sqrt(1000.0) * 32);
  const double shortened = 1000 * (65 * 4 + 4 * 64 + 2 * (8 + 6 * 4) + 1);
  CHECK(mine_memory(1000, {65, 64}, mining, 2).numbers ==
        Approx(of_lists + packed + shortened).margin(0.01));
}

TEST_CASE("the two views of a SLIP model's images count in its plan") {
  const fs::path models = fs::path(HELIP_SOURCE_DIR) / "configs/models";
  const ModelPlan slip = plan_model(model::find_architecture("SLIP_VITS16", models));
  const ModelPlan clip = plan_model(model::find_architecture("CLIP_VITS16", models));
  CHECK(slip.activations == clip.activations);
  CHECK(clip.views == 0);
  CHECK(clip.ssl_head == 0);
  CHECK(slip.ssl_head == 2 * 6 * 4096);
  CHECK(slip.views > 2ULL * 3 * 224 * 224);
  CHECK(slip.views < 2 * (slip.pixels + slip.tokens + slip.activations));
  // image_mlp: 384 to 4096 to 4096 to 256, two norms.
  CHECK(slip.parameters - clip.parameters == 385 * 4096 + 4097 * 4096 + 4097 * 256 + 4 * 4096);
}

// The numbers of parameters that open_clip itself reports.
TEST_CASE("parameters of named architectures are counted as OpenCLIP has them") {
  const fs::path models = fs::path(HELIP_SOURCE_DIR) / "configs/models";
  CHECK(plan_model(model::find_architecture("ViT-B-32", models)).parameters == 151'277'313);
  CHECK(plan_model(model::find_architecture("ViT-B-16", models)).parameters == 149'620'737);
  CHECK(plan_model(model::find_architecture("RN50", models)).parameters == 102'007'137);
  CHECK(plan_model(model::find_architecture("RN50x4", models)).parameters == 178'300'601);
}

TEST_CASE("pairs are counted from sizes.json, else from the headers of the tars") {
  const Job job;
  const fs::path none = job.root() / "none";
  const auto whole = count_pairs(job.config.corpus.path, none);
  REQUIRE(whole);
  CHECK(whole->pairs == 6);
  CHECK(whole->exact);
  // The first two pairs of twelve kilobytes or so: the rest is taken to be like them.
  const auto part = count_pairs(job.config.corpus.path, none, 4);
  REQUIRE(part);
  CHECK_FALSE(part->exact);
  CHECK(part->pairs >= 4);
  CHECK(part->pairs <= 12);
  publish_file(job.root() / "sizes.json", R"({"00000.tar": 40, "00001.tar": 2})");
  const auto sizes = count_pairs(job.config.corpus.path, none);
  REQUIRE(sizes);
  CHECK(sizes->pairs == 42);
  CHECK_FALSE(sizes->exact);
}

}  // namespace
}  // namespace helip::cli
