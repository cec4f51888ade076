#include "jobs/stage.h"

#include <catch2/catch.hpp>

using namespace helip::jobs;

TEST_CASE("lists of stages are read in any order and refused with the option's name") {
  CHECK(stages_from_list("train,encode,train", "--stages") ==
        std::vector<Stage>{Stage::kEncode, Stage::kTrain});
  CHECK(stages_from_list("all", "--stages").size() == kStages.size());
  CHECK(to_list({Stage::kMine, Stage::kEval}) == "mine,eval");
  for (const char* bad : {"", "mine,", "Mine", "mine train"}) {
    CHECK_THROWS_WITH(stages_from_list(bad, "--stages"), Catch::Contains("--stages"));
  }
}
