// The configurations in configs/ are what people start from: each must load, and the control must
// be a fair one.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "config/budget.h"
#include "config/parse.h"
#include "config/to_yaml.h"

namespace helip::config {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(HELIP_SOURCE_DIR) / "configs";

RunConfig named(const std::string& name) { return load_config(kFolder / (name + ".yaml")); }

TEST_CASE("Every named configuration loads") {
  std::size_t found = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".yaml") continue;
    INFO(entry.path().string());
    CHECK_NOTHROW(load_config(entry.path()));
    ++found;
  }
  CHECK(found >= 5);
}

const std::vector<std::string> kCorpora = {"openclipart", "characters", "icons"};

TEST_CASE("Each sample corpus's control differs from HELIP in nothing but the hard pairs") {
  for (const std::string& corpus : kCorpora) {
    INFO(corpus);
    RunConfig helip = named(corpus + "_helip");
    const RunConfig control = named(corpus + "_continued");
    CHECK(helip.train.hard_pairs == HardPairs::kMined);
    CHECK(control.train.hard_pairs == HardPairs::kNone);
    CHECK(helip.loss.mask_duplicates == control.loss.mask_duplicates);
    CHECK(global_batch_size(helip.train) == global_batch_size(control.train));
    helip.train.hard_pairs = control.train.hard_pairs;
    helip.mining = control.mining;  // the control mines nothing,
    helip.loss = control.loss;      // and without hard pairs there is no margin loss
    helip.output.work_dir = control.output.work_dir;
    CHECK(to_yaml(helip) == to_yaml(control));
  }
}

TEST_CASE("Both tuning jobs of each sample corpus start from the base job's model") {
  for (const std::string& corpus : kCorpora) {
    const RunConfig base = named(corpus + "_base");
    CHECK(base.model.init == "random");
    for (const char* const job : {"_helip", "_continued"}) {
      INFO(corpus + job);
      const RunConfig tuned = named(corpus + job);
      CHECK(tuned.model.init == base.output.work_dir + "/model");
      CHECK(tuned.model.architecture == base.model.architecture);
      CHECK(tuned.corpus.path == base.corpus.path);
      CHECK(tuned.encoder.feature_cache == base.encoder.feature_cache);
      CHECK(tuned.train.repeats >= 3);
    }
  }
}

}  // namespace
}  // namespace helip::config
