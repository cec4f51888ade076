// What the runner checks before it starts work: neither corpus nor model may change under a job.
#include "worker/stage_task_runner.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "common/error.h"
#include "common/publish.h"
#include "data/corpus/tar_writer.h"
#include "jobs/encode.h"
#include "jobs/index.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::worker;
namespace fs = std::filesystem;

namespace {

void write_shard(const fs::path& file, const std::string& caption) {
  data::TarWriter tar(file);
  tar.add("0.png", std::as_bytes(std::span(caption)));
  tar.add("0.txt", std::as_bytes(std::span(caption)));
  tar.publish();
}

}  // namespace

TEST_CASE("a task is refused when the corpus or the initial model has changed since the index") {
  const test::TemporaryFolder folder;
  write_shard(folder.path() / "0.tar", "a drawing");
  config::RunConfig config;
  config.corpus.path = (folder.path() / "0.tar").string();
  config.model.architecture = std::string(HELIP_SOURCE_DIR) + "/configs/models/ViT-B-32.json";
  config.model.init = (folder.path() / "weights.safetensors").string();
  publish_file(config.model.init, "weights");
  const auto runner = make_stage_task_runner(config, {}, jobs::WorkDir(folder.path() / "work"));
  TaskHooks hooks;
  hooks.check_lease = [] {};
  hooks.progress = [](std::uint64_t, std::uint64_t) {};

  const jobs::Task index = jobs::make_task("index", "", {}, jobs::IndexTask{});
  const auto found =
      jobs::from_json<jobs::IndexResult>(runner->run(index, {}, hooks).result, "index");
  CHECK(found.corpus.pairs == 1);
  CHECK_FALSE(found.image_features);
  CHECK_FALSE(found.text_features);
  const jobs::Task encode =
      jobs::make_task("range-0", "", found.corpus, jobs::EncodeTask{.first = 0, .count = 1});

  jobs::Task other = encode;
  other.corpus.fingerprint = std::string(64, '0');
  CHECK_THROWS_AS(runner->run(other, folder.path() / "partial", hooks), DataError);
  CHECK_THROWS_WITH(runner->run(other, folder.path() / "partial", hooks),
                    Catch::Contains("corpus") && Catch::Contains(found.corpus.fingerprint));
  publish_file(config.model.init, "other weights");
  CHECK_THROWS_AS(runner->run(encode, folder.path() / "partial", hooks), ConfigError);
  CHECK_THROWS_WITH(runner->run(encode, folder.path() / "partial", hooks),
                    Catch::Contains("model.init") && Catch::Contains(found.corpus.model_digest));
}

TEST_CASE("a task of another kind than its stage has is refused") {
  const test::TemporaryFolder folder;
  const auto runner = make_stage_task_runner({}, {}, jobs::WorkDir(folder.path()));
  const TaskHooks hooks;
  jobs::Task task = jobs::make_task("range-0", "", {}, jobs::EncodeTask{});
  task.kind = "half";
  CHECK_THROWS_WITH(runner->run(task, {}, hooks), Catch::Contains("another kind"));
  task.stage = jobs::Stage::kTrain;
  CHECK_THROWS_WITH(runner->run(task, {}, hooks), Catch::Contains("outside of a group"));
}
