#include "cli/preflight/check_inputs.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>

#include "config/to_yaml.h"
#include "data/tokens/tokenizer.h"
#include "job_inputs.h"
#include "support/terminal.h"

namespace helip::cli {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("a job whose inputs are there is let through") { CHECK(Job().refusal().empty()); }

TEST_CASE("each missing input is refused with its key and what was found") {
  const auto refusal = [](const std::function<void(Job&)>& spoil) {
    Job job;
    spoil(job);
    return job.refusal();
  };
  CHECK_THAT(refusal([](Job& job) { fs::remove(job.root() / "00001.tar"); }),
             Contains("corpus.path") && Contains("00001.tar"));
  CHECK_THAT(refusal([](Job& job) { job.config.corpus.path = "/no/such/corpus"; }),
             Contains("corpus.path") && Contains("/no/such/corpus"));
  CHECK_THAT(refusal([](Job& job) {
               fs::create_directories(job.root() / "empty");
               job.config.corpus.path = (job.root() / "empty").string();
             }),
             Contains("corpus.path") && Contains("empty"));
  CHECK_THAT(refusal([](Job& job) { job.config.model.architecture = "ViT-Z-1"; }),
             Contains("model.architecture") && Contains("ViT-B-16") && Contains("ViT-Z-1"));
  CHECK_THAT(refusal([](Job& job) { job.config.model.architecture = job.root().string(); }),
             Contains("model.architecture") && Contains("helip_model.json"));
  CHECK_THAT(refusal([](Job& job) { job.config.model.init = "/no/such/model"; }),
             Contains("model.init") && Contains("no /no/such/model"));
  CHECK_THAT(refusal([](Job& job) { job.config.model.init = job.root().string(); }),
             Contains("model.init") && Contains("open_clip_model.safetensors"));
  CHECK_THAT(refusal([](Job& job) { job.config.model.tokenizer = "/no/vocabulary"; }),
             Contains("model.tokenizer") && Contains("no /no/vocabulary"));
  CHECK_THAT(refusal([](Job& job) {
               publish_file(job.root() / "vocabulary.txt.gz", "x");
               job.config.model.tokenizer = (job.root() / "vocabulary.txt.gz").string();
             }),
             StartsWith("model.tokenizer: ") && Contains("vocabulary.txt.gz"));
  CHECK(refusal([](Job& job) {
          job.config.model.tokenizer = data::default_clip_vocabulary().string();
        }).empty());
  // Weights of another model, no weights, and half of them.
  CHECK_THAT(refusal([](Job& job) {
               job.config.model.init = std::string(HELIP_SOURCE_DIR) +
                                       "/tests/golden/open_clip_model/weights.safetensors";
             }),
             StartsWith("model.init: ") && Contains("another model"));
  CHECK_THAT(
      refusal([](Job& job) { publish_file(job.root() / "init/open_clip_model.safetensors", "x"); }),
      StartsWith("model.init: ") && Contains("open_clip_model.safetensors"));
  CHECK_THAT(refusal([](Job& job) {
               fs::resize_file(job.root() / "init/open_clip_model.safetensors", 6000);
             }),
             StartsWith("model.init: "));
  CHECK_THAT(refusal([](Job& job) { job.config.encoder.source = config::EncoderSource::kTowers; }),
             Contains("encoder.source") && Contains("two frozen towers"));
  CHECK_THAT(refusal([](Job& job) { job.config.eval.datasets[0].path = "/no/set"; }),
             Contains("eval.datasets[0].path") && Contains("no /no/set"));
  CHECK_THAT(refusal([](Job& job) { job.config.eval.datasets[0].split = "validation"; }),
             Contains("eval.datasets[0]") && Contains("validation"));
  CHECK_THAT(refusal([](Job& job) { fs::remove_all(job.root() / "eval" / "train"); }),
             Contains("eval.datasets[0]") && Contains("train"));
}

TEST_CASE("a work directory that cannot be written, or is another job's, is refused") {
  Job job;
  const fs::path work = job.root() / "work";
  const auto refused_with = [&](const std::string& words,
                                jobs::Stage until = jobs::Stage::kReport) {
    const std::string said = job.refusal(until);
    INFO(said);
    CHECK_THAT(said, Contains(words));
    return said;
  };
  SECTION("a file in its place, above it or in it") {
    publish_file(work, "x");
    CHECK_THAT(refused_with("output.work_dir"), Contains("Not a directory"));
    job.config.output.work_dir = (work / "deeper/still").string();
    CHECK_THAT(refused_with("output.work_dir"), Contains(work.string() + ": Not a directory"));
    fs::remove(work);
    publish_file(work / "tensorboard", "x");
    job.config.output.work_dir = work.string();
    CHECK_THAT(refused_with("output.work_dir"), Contains("tensorboard: Not a directory"));
  }
  SECTION("a disk that takes no files") {
    job.config.output.work_dir = "/proc/helip";
    refused_with("output.work_dir");
  }
  SECTION("a feature cache") {
    job.config.encoder.feature_cache = "/proc";
    refused_with("encoder.feature_cache");
  }
  SECTION("another training") {
    publish_file(work / "config.yaml", config::to_yaml(job.config));
    CHECK(job.refusal().empty());
    job.config.eval.recall_k = {3};
    CHECK(job.refusal().empty());
    job.config.train.lr = 0.5;
    CHECK_THAT(refused_with("train.lr"), Contains("expected") && Contains("found 0.5"));
  }
  SECTION("a model that no checkpoint and no result tells of") {
    publish_file(work / "model/weights", "x");
    CHECK_THAT(refused_with("output.work_dir"), Contains((work / "model").string()));
    CHECK(job.refusal(jobs::Stage::kMine).empty());
    SECTION("a checkpoint does") { fs::create_directories(work / "checkpoints/step-00000008"); }
    SECTION("a result does") { publish_file(work / "tasks/train/seed-1-1-0123.json", "{}"); }
    CHECK(job.refusal().empty());
  }
  SECTION("more than the disk holds") {
    job.config.train.keep_checkpoints = 4'000'000'000;
    CHECK_THAT(refused_with("too little disk space"), Contains("free in"));
    CHECK(job.refusal(jobs::Stage::kMine).empty());
    // A job that has begun is not asked again.
    publish_file(work / "coordinator/state.db", "");
    CHECK(job.refusal().empty());
  }
}

TEST_CASE("an address that the coordinator cannot have is refused") {
  Job job;
  config::CoordinatorConfig& coordinator = job.config.coordinator;
  for (const char* good : {"127.0.0.1:0", "localhost:0"}) {
    coordinator.listen = good;
    CHECK(job.refusal().empty());
  }
  coordinator.listen = "0.0.0.0:0";
  CHECK_THAT(job.refusal(), Contains("coordinator.listen") && Contains("--insecure-network"));
  coordinator.insecure_network = true;
  for (const char* good : {"0.0.0.0:0", "*:0"}) {
    coordinator.listen = good;
    CHECK(job.refusal().empty());
  }
  for (const char* bad : {"192.0.2.77:0", "no-such-host.invalid:0", "127.0.0.1:65536",
                          "127.0.0.1:99999999999999999999", "127.0.0.1:1:2x"}) {
    coordinator.listen = bad;
    CHECK_THAT(job.refusal(), StartsWith("coordinator.listen: ") && Contains(bad));
  }
  // A port that another program has.
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  REQUIRE(::bind(taken, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(taken, 1) == 0);
  REQUIRE(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  coordinator.listen = cat("127.0.0.1:", ntohs(address.sin_port));
  CHECK_THAT(job.refusal(), Contains("Address already in use"));
  ::close(taken);
  CHECK(job.refusal().empty());
}

TEST_CASE("what else encodes is looked at as well") {
  Job job;
  job.config.encoder.model = job.config.model;
  CHECK(job.refusal().empty());
  job.config.encoder.model->init = "/no/such/encoder";
  CHECK_THAT(job.refusal(), StartsWith("encoder.model.init: ") && Contains("no /no/such/encoder"));
  job.config.encoder.model->init = job.config.model.init;
  job.config.encoder.model->architecture = "ViT-Z-1";
  CHECK_THAT(job.refusal(), StartsWith("encoder.model.architecture: no such model"));
  job.config.encoder.model->architecture = job.config.model.architecture;
  job.config.encoder.source = config::EncoderSource::kTowers;
  CHECK_THAT(job.refusal(), Contains("encoder.source") && Contains("two frozen towers"));
  job.config.encoder.model.reset();

  job.config.encoder.source = config::EncoderSource::kNpy;
  job.config.encoder.image_embeddings = job.write_rows("images.npy", 6, 3);
  job.config.encoder.text_embeddings = "/no/texts.npy";
  CHECK_THAT(job.refusal(), Contains("encoder.text_embeddings") && Contains("/no/texts.npy"));
  job.config.encoder.text_embeddings = job.write_rows("texts.npy", 5, 4);
  CHECK_THAT(job.refusal(), Contains("6 rows") && Contains("found 5"));
  job.config.encoder.text_embeddings = job.write_rows("texts.npy", 6, 4);
  // As many columns as a data set has classes.
  for (const auto& [classes, warned] :
       {std::pair{"a\nb\nc\n", true}, {"a\nb\nc\nd\n", true}, {"a\nb\nc\nd\ne\n", false}}) {
    CAPTURE(classes);
    publish_file(job.root() / "eval/classnames.txt", classes);
    test::Terminal terminal(1000);
    CHECK(job.refusal().empty());
    std::string said;
    for (const std::string& line : terminal.lines()) said += line;
    CHECK((said.find("are they a classifier's logits?") != std::string::npos) == warned);
  }
  {
    // The list is read once, so its faults are told once.
    publish_file(job.root() / "eval/classnames.txt", "a\nb\nb\nc\nd\n");
    test::Terminal terminal(1000);
    CHECK(job.refusal().empty());
    std::string said;
    for (const std::string& line : terminal.lines()) said += line;
    const std::size_t first = said.find("classnames.txt");
    REQUIRE(first != std::string::npos);
    CHECK(said.find("classnames.txt", first + 1) == std::string::npos);
  }
  job.config.mining.relative_margin = 0.1;
  CHECK_THAT(job.refusal(), Contains("widths 3 and 4"));
}

TEST_CASE("a scratch folder of this machine must be there and take files") {
  Job job;
  job.config.mining.scratch = job.root().string();
  CHECK(job.refusal().empty());
  CHECK(fs::exists(job.root() / "init"));

  const std::string absent = (job.root() / "absent").string();
  job.config.mining.scratch = absent;
  CHECK(job.refusal(jobs::Stage::kMine) ==
        "mining.scratch: the scratch folder cannot be used; expected a folder on a local disk that "
        "can be written to; found " +
            absent + ": No such file or directory");
  CHECK_FALSE(fs::exists(absent));
  CHECK(job.refusal(jobs::Stage::kEncode).empty());
  job.config.train.hard_pairs = config::HardPairs::kRandom;
  CHECK(job.refusal().empty());
  job.config.train.hard_pairs = config::HardPairs::kMined;
  job.config.launcher.hosts = "n1:2,n2:2";
  CHECK(job.refusal().empty());
  job.config.launcher = {};
  job.config.launcher.kind = config::LauncherKind::kNone;
  CHECK(job.refusal().empty());
  job.config.launcher = {};

  // A file, and a folder that even root cannot write to.
  for (const std::string& bad : {(job.root() / "00000.tar").string(), std::string("/proc")}) {
    job.config.mining.scratch = bad;
    CHECK_THAT(job.refusal(), Contains("mining.scratch") && Contains("found " + bad + ": "));
  }
}

}  // namespace
}  // namespace helip::cli
