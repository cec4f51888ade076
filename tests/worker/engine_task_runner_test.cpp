// What the runner checks before it starts work: neither corpus nor model may change under a job.
#include "worker/engine_task_runner.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "common/publish.h"
#include "data/corpus/tar_writer.h"
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
  const auto runner = make_engine_task_runner(config, {}, {});
  TaskHooks hooks;
  hooks.progress = [](std::uint64_t, std::uint64_t) {};

  rpc::TaskSpec index;
  index.stage = rpc::Stage::kIndex;
  index.kind = "whole";
  index.name = "index";
  index.paths["index"] = (folder.path() / "corpus").string();
  const auto facts = nlohmann::json::parse(runner->run(index, {}, hooks).result);

  rpc::TaskSpec encode;
  encode.stage = rpc::Stage::kEncode;
  encode.kind = "range";
  encode.name = "range-0";
  encode.count = 1;
  encode.paths["corpus"] = facts.at("corpus").get<std::string>();
  encode.corpus_fingerprint = facts.at("fingerprint").get<std::string>();
  encode.model_digest = facts.at("model_digest").get<std::string>();

  rpc::TaskSpec other = encode;
  other.corpus_fingerprint = std::string(64, '0');
  CHECK_THROWS_AS(runner->run(other, folder.path() / "partial", hooks), DataError);
  CHECK_THROWS_WITH(runner->run(other, folder.path() / "partial", hooks),
                    Catch::Contains("corpus") && Catch::Contains(encode.corpus_fingerprint));
  publish_file(config.model.init, "other weights");
  CHECK_THROWS_AS(runner->run(encode, folder.path() / "partial", hooks), ConfigError);
  CHECK_THROWS_WITH(runner->run(encode, folder.path() / "partial", hooks),
                    Catch::Contains("model.init") && Catch::Contains(encode.model_digest));
}
