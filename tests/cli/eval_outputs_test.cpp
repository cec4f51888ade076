#include "cli/commands/eval_outputs.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/publish.h"
#include "eval/results.h"
#include "support/temporary_folder.h"

namespace helip::cli {
namespace {

using Catch::Matchers::Contains;

eval::EvalResult result_of(const std::string& weights) {
  return {.dataset = "cards",
          .model = "ViT-B-32",
          .pretrained = weights,
          .task = "zeroshot_retrieval",
          .metrics = {{"mean_recall@1", 0.5}}};
}

eval::EvalSpec spec_of(const std::string& weights) {
  eval::EvalSpec spec;
  spec.model.name = "ViT-B-32";
  spec.pretrained = weights;
  return spec;
}

const config::EvalDataset kCards = {
    .name = "cards", .path = "cards", .tasks = {config::EvalTask::kRetrieval}, .split = "test"};

}  // namespace

TEST_CASE("models of several folders have files of their own") {
  CHECK(result_file_name(result_of("a/model")) ==
        "cards_a_model_ViT-B-32_en_zeroshot_retrieval.json");
  CHECK(result_file_name(result_of("b/model")) != result_file_name(result_of("a/model")));
  // One folder has one name, however its path is written.
  for (const char* same : {"a/model/", "./a/model", "a/./model", "a//model", "b/../a/model"}) {
    CHECK(result_file_name(result_of(same)) == result_file_name(result_of("a/model")));
  }
  CHECK(result_file_name(result_of("/a/model")) ==
        "cards_a_model_ViT-B-32_en_zeroshot_retrieval.json");
  CHECK(result_file_name(result_of("random")) ==
        "cards_random_ViT-B-32_en_zeroshot_retrieval.json");
}

TEST_CASE("a file that holds another result is not replaced, one of the same weights is") {
  const test::TemporaryFolder folder;
  check_outputs(folder.path() / "new", spec_of("a/model"), {kCards});
  write_outputs(folder.path(), {result_of("a/model")});
  check_outputs(folder.path(), spec_of("./a/model/"), {kCards});
  check_outputs(folder.path(), spec_of("b/model"), {kCards});
  // "a_model" and "a/model" give the same name.
  CHECK_THROWS_WITH(check_outputs(folder.path(), spec_of("a_model"), {kCards}),
                    Contains("--out: ") && Contains("the file holds another result") &&
                        Contains("expected cards, a_model, ViT-B-32; found cards, a/model, ViT"));
  const auto file = folder.path() / result_file_name(result_of("a/model"));
  publish_file(file, "not JSON");
  CHECK_THROWS_AS(check_outputs(folder.path(), spec_of("a/model"), {kCards}), StoreError);
}

TEST_CASE("data sets whose names differ in signs alone, and names that are too long, are refused") {
  const test::TemporaryFolder folder;
  config::EvalDataset other = kCards, same = kCards;
  other.name = "my cards";
  same.name = "my_cards";
  check_outputs(folder.path(), spec_of("a"), {kCards, other});
  CHECK_THROWS_WITH(check_outputs(folder.path(), spec_of("a"), {same, other}),
                    Contains("two results would have one file"));
  CHECK_THROWS_AS(check_outputs(folder.path(), spec_of(std::string(300, 'x')), {kCards}),
                  ConfigError);
}

}  // namespace helip::cli
