#include "cli/preflight/check_inputs.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>

#include "cli/preflight/corpus_count.h"
#include "cli/preflight/mine_memory.h"
#include "cli/preflight/model_plan.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/read_choice.h"
#include "config/to_yaml.h"
#include "data/corpus/tar_writer.h"
#include "data/tokens/tokenizer.h"
#include "model/files/weights_check.h"
#include "store/npy.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"
#include "support/terminal.h"

namespace helip::cli {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
namespace fs = std::filesystem;

const std::string kTiny = std::string(HELIP_SOURCE_DIR) + "/configs/models/helip-test-tiny.json";

// Weights of that architecture, all zero.
void write_weights(const fs::path& file) {
  const auto source = model::find_architecture(kTiny, {});
  const auto expected = model::expected_tensors(
      model::clip_parameters(std::get<model::OpenClipConfig>(source.description).architecture));
  const std::vector<std::byte> zeros(1 << 24);
  std::map<std::string, store::TensorView> tensors;
  for (const auto& [name, tensor] : expected) {
    std::uint64_t bytes = store::dtype_bytes(tensor.dtype);
    for (const std::uint64_t size : tensor.shape) bytes *= size;
    tensors[name] = {.dtype = tensor.dtype,
                     .shape = tensor.shape,
                     .data = std::span(zeros).first(static_cast<std::size_t>(bytes))};
  }
  store::write_safetensors(file, tensors, {});
}

void add(data::TarWriter& tar, const std::string& name) {
  tar.add(name, std::as_bytes(std::span("content", 7)));
}

// Three pairs and a caption without an image.
void write_shard(const fs::path& file) {
  data::TarWriter tar(file);
  for (const char* key : {"a", "b", "c"}) {
    add(tar, std::string(key) + ".jpg");
    add(tar, std::string(key) + ".txt");
  }
  add(tar, "d.txt");
  tar.publish();
}

struct Sample {
  std::string label = "0";
  std::string caption = "a caption";
  bool image = true;
};

// A split of an evaluation data set in one tar.
void write_split(const fs::path& folder, const std::vector<Sample>& samples) {
  fs::create_directories(folder);
  publish_file(folder / "nshards.txt", "1\n");
  data::TarWriter tar(folder / "0.tar");
  const auto put = [&](const std::string& name, const std::string& text) {
    tar.add(name, std::as_bytes(std::span(text)));
  };
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::string key = cat("s", i);
    if (!samples[i].label.empty()) put(key + ".cls", samples[i].label);
    if (!samples[i].caption.empty()) put(key + ".txt", samples[i].caption);
    if (samples[i].image) put(key + ".png", "pixels");
  }
  tar.publish();
}

// A job whose inputs are all there.
class Job {
 public:
  Job() {
    fs::create_directories(root() / "init");
    write_split(root() / "eval" / "test", {{"0"}, {"2\n"}});
    write_split(root() / "eval" / "train", {{"1"}, {"0"}});
    publish_file(root() / "eval/classnames.txt", "cat\ndog\ncow\n");
    publish_file(root() / "eval/zeroshot_classification_templates.txt", "a photo of {c}\n");
    write_shard(root() / "00000.tar");
    write_shard(root() / "00001.tar");
    static const test::TemporaryFolder shared;
    const fs::path weights = shared.path() / "weights.safetensors";
    if (!fs::exists(weights)) write_weights(weights);
    fs::copy(weights, root() / "init/open_clip_model.safetensors");
    config.corpus.path = (root() / "{00000..00001}.tar").string();
    config.model.architecture = kTiny;
    config.model.init = (root() / "init").string();
    config.output.work_dir = (root() / "work").string();
    config.eval.datasets = {{.name = "e",
                             .path = (root() / "eval").string(),
                             .tasks = {config::EvalTask::kZeroShot, config::EvalTask::kLinearProbe},
                             .split = "test"}};
  }
  [[nodiscard]] const fs::path& root() const { return folder_.path(); }
  [[nodiscard]] std::string refusal(jobs::Stage until = jobs::Stage::kReport) const {
    try {
      check_inputs(config, until);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  }
  // [rows, width]. Returns the file's path.
  std::string write_rows(const std::string& name, std::uint64_t rows, std::uint64_t width) const {
    store::NpyWriter writer(root() / name, store::DType::kF32, {rows, width});
    writer.write_values(std::span<const float>(std::vector<float>(rows * width, 1)));
    writer.publish();
    return (root() / name).string();
  }

  config::RunConfig config = {};

 private:
  test::TemporaryFolder folder_;
};

}  // namespace

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
             Contains("encoder.source") && Contains("no frozen towers"));
  CHECK_THAT(refusal([](Job& job) { job.config.eval.datasets[0].path = "/no/set"; }),
             Contains("eval.datasets[0].path") && Contains("no /no/set"));
  CHECK_THAT(refusal([](Job& job) { job.config.eval.datasets[0].split = "validation"; }),
             Contains("eval.datasets[0]") && Contains("validation"));
  CHECK_THAT(refusal([](Job& job) { fs::remove_all(job.root() / "eval" / "train"); }),
             Contains("eval.datasets[0]") && Contains("train"));
}

TEST_CASE(
    "an evaluation data set that cannot give what its tasks need is refused before anything") {
  Job job;
  const config::RunConfig whole = job.config;
  const fs::path set = job.root() / "eval", intact = job.root() / "intact";
  fs::copy(set, intact, fs::copy_options::recursive);
  const auto refusal = [&](const std::string& task,
                           const std::function<void(const fs::path&)>& spoil) {
    fs::remove_all(set);
    fs::copy(intact, set, fs::copy_options::recursive);
    spoil(set);
    job.config = whole;
    job.config.eval.datasets[0].tasks = {config::read_choice<config::EvalTask>(task, "task")};
    const std::string said = job.refusal();
    INFO(said);
    CHECK((said.empty() || said.starts_with("eval.datasets[0]: ")));
    // The same set for early stopping, which scores its classes.
    if (task != "zero_shot") return said;
    job.config.eval.datasets.clear();
    job.config.early_stop.dataset = set.string();
    job.config.early_stop.split = "test";
    CHECK(job.refusal().empty() == said.empty());
    CHECK((said.empty() || job.refusal().starts_with("early_stop: ")));
    CHECK(job.refusal(jobs::Stage::kMine).empty());
    return said;
  };
  const auto publish = [](const char* file, const char* text) {
    return [=](const fs::path& folder) { publish_file(folder / file, text); };
  };
  const auto remove = [](const char* file) {
    return [=](const fs::path& folder) { fs::remove_all(folder / file); };
  };
  const auto split = [](const char* name, const std::vector<Sample>& samples) {
    return [=](const fs::path& folder) { write_split(folder / name, samples); };
  };
  constexpr const char* kTemplates = "zeroshot_classification_templates.txt";
  for (const char* task : {"zero_shot", "linear_probe"}) {
    CHECK_THAT(refusal(task, remove("classnames.txt")), Contains("no classes"));
    CHECK_THAT(refusal(task, publish("classnames.txt", "")), Contains("no classes"));
    CHECK_THAT(refusal(task, publish("classnames.txt", "cat\ndog\n")),
               Contains("s1") && Contains("0 to 1") && Contains("'2'"));
    CHECK_THAT(refusal(task, publish("classnames.txt", "\xff\xfe\n")), Contains("UTF-8"));
    CHECK_THAT(refusal(task, split("test", {{"0"}, {"-1"}})), Contains("'-1'"));
    CHECK_THAT(refusal(task, split("test", {{"0"}, {"dog"}})), Contains("'dog'"));
    CHECK_THAT(refusal(task, split("test", {{"0"}, {""}})), Contains("s1") && Contains("no label"));
  }
  CHECK_THAT(refusal("zero_shot", remove(kTemplates)), Contains("no prompt templates"));
  CHECK_THAT(refusal("zero_shot", publish(kTemplates, "")), Contains("no prompt templates"));
  CHECK_THAT(refusal("zero_shot", publish(kTemplates, "a photo of {}\n")), Contains("{c}"));
  CHECK(refusal("linear_probe", remove(kTemplates)).empty());
  CHECK_THAT(refusal("linear_probe", split("train", {{"3"}})),
             Contains("train") && Contains("'3'"));
  CHECK_THAT(refusal("linear_probe", remove("train")), Contains("train"));
  CHECK(refusal("zero_shot", remove("train")).empty());

  CHECK(refusal("retrieval", remove("classnames.txt")).empty());
  CHECK(refusal("retrieval", split("test", {{"", "a"}, {"", "b\nc"}})).empty());
  CHECK_THAT(refusal("retrieval", split("test", {{"0", "a"}, {"0", ""}})), Contains("no caption"));
  CHECK_THAT(refusal("retrieval", split("test", {{"0", "a"}, {"0", " \n"}})),
             Contains("no caption"));
  CHECK_THAT(refusal("retrieval", split("test", {{"0", "\xff"}})), Contains("UTF-8"));
  for (const char* task : {"zero_shot", "retrieval"}) {
    CHECK_THAT(refusal(task, split("test", {{"0", "a", false}})), Contains("no image"));
    CHECK_THAT(refusal(task, split("test", {})), Contains("no samples"));
    CHECK_THAT(refusal(task, publish("test/nshards.txt", "2")), Contains("1.tar"));
    CHECK_THAT(refusal(task, publish("test/nshards.txt", "two")), Contains("'two'"));
    CHECK_THAT(refusal(task, publish("test/nshards.txt", "0")), Contains("no samples"));
    CHECK_THAT(refusal(task, publish("test/0.tar", "no tar at all")), Contains("0.tar"));
    CHECK_THAT(refusal(task, remove("test/0.tar")), Contains("0.tar"));
  }
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
  CHECK_THAT(job.refusal(), Contains("encoder.source") && Contains("no frozen towers"));
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

TEST_CASE("the towers of a locked-towers model are looked for") {
  Job job;
  job.config.model = {};
  job.config.model.architecture = job.root().string();
  const std::string sha256 = cat("\"sha256\": \"", std::string(64, 'a'), "\"");
  publish_file(job.root() / "helip_model.json",
               cat(R"({"format": "helip_model/1", "kind": "locked_towers", "embed_dim": 2,
    "heads": {"hidden": 3}, "image_tower": {"file": "i.ts", "feature_dim": 5, )",
                   sha256, R"(, "preprocess": {"size": 4}},
    "text_tower": {"file": "t.ts", "feature_dim": 7, )",
                   sha256, R"(, "tokenizer": {"kind": "wordpiece", "file": "tokenizer.json", )",
                   sha256, R"(, "context_length": 8}}})"));
  publish_file(job.root() / "i.ts", "12345");
  publish_file(job.root() / "t.ts", "123");
  CHECK_THAT(job.refusal(), Contains("model.architecture") && Contains("tokenizer.json"));
  publish_file(job.root() / "tokenizer.json", "{}");
  CHECK_THAT(job.refusal(), Contains("model.trust_torchscript"));
  job.config.model.trust_torchscript = true;
  job.config.model.tokenizer = "vocabulary.txt.gz";
  CHECK_THAT(job.refusal(), StartsWith("model.tokenizer: a locked-towers model brings its own"));
  job.config.model.tokenizer.clear();
  job.config.encoder.source = config::EncoderSource::kTowers;
  CHECK(job.refusal().empty());

  const ModelPlan plan = plan_model(model::find_architecture(job.root().string(), {}));
  CHECK(plan.locked_towers);
  // Per head: a hidden layer and an output layer, each with its bias; and logit_scale.
  CHECK(plan.parameters == (3 * 5 + 3 + 2 * 3 + 2) + (3 * 7 + 3 + 2 * 3 + 2) + 1);
  CHECK(plan.tower_bytes == 8);

  // The towers' features have no joint space for a positive-aware margin; the model's embeddings
  // do.
  job.config.mining.relative_margin = 0.05;
  CHECK_THAT(job.refusal(jobs::Stage::kEncode),
             Contains("mining.relative_margin") && Contains("widths 5 and 7"));
  job.config.mining.absolute_margin = 0.0;
  CHECK_THAT(job.refusal(), Contains("mining.absolute_margin"));
  job.config.encoder.source = config::EncoderSource::kModel;
  CHECK(job.refusal().empty());
  job.config.encoder.source = config::EncoderSource::kTowers;
  job.config.train.hard_pairs = config::HardPairs::kRandom;
  CHECK(job.refusal().empty());
}

TEST_CASE("a model over given features needs its files and no evaluation, and no trust") {
  Job job;
  job.config.model = {};
  job.config.model.architecture = job.root().string();
  const std::string sha256 = cat("\"sha256\": \"", std::string(64, 'a'), "\"");
  publish_file(
      job.root() / "helip_model.json",
      cat(R"({"format": "helip_model/1", "kind": "features", "embed_dim": 2,
    "corpus_fingerprint": "f00d", "heads": {"hidden": 3},
    "image_tower": {"features": "img_emb", "feature_dim": 5, )",
          sha256, R"(}, "text_tower": {"features": "t.npy", "feature_dim": 7, )", sha256, "}}"));
  CHECK_THAT(job.refusal(), Contains("model.architecture") && Contains("img_emb"));
  fs::create_directories(job.root() / "img_emb");
  job.write_rows("img_emb/img_emb_0.npy", 6, 5);
  job.write_rows("t.npy", 5, 7);
  CHECK_THAT(job.refusal(), Contains("features differ in their rows") && Contains("6 rows"));
  job.write_rows("t.npy", 6, 4);
  CHECK_THAT(job.refusal(), Contains("t.npy") && Contains("another width") && Contains("found 4"));
  job.write_rows("t.npy", 6, 7);
  CHECK_THAT(job.refusal(), Contains("eval.datasets") && Contains("cannot embed new images"));
  job.config.eval.datasets.clear();
  CHECK(job.refusal().empty());
  const ModelPlan plan = plan_model(model::find_architecture(job.root().string(), {}));
  CHECK(plan.locked_towers);
  CHECK(plan.tower_bytes == 0);
  CHECK(plan.inputs == 0);
  CHECK(embedding_widths(job.config).image == 2);
}

TEST_CASE("towers that are trained have no features to mine with, and count as parameters") {
  Job job;
  const fs::path towers = fs::path(HELIP_SOURCE_DIR) / "tests/golden/trained_towers";
  job.config.model = {};
  job.config.model.architecture = towers.string();
  CHECK_THAT(job.refusal(), Contains("model.trust_torchscript"));
  job.config.model.trust_torchscript = true;
  CHECK(job.refusal().empty());
  job.config.encoder.source = config::EncoderSource::kTowers;
  CHECK_THAT(job.refusal(), Contains("encoder.source"));
  const ModelPlan plan = plan_model(model::find_architecture(towers.string(), {}));
  CHECK_FALSE(plan.locked_towers);
  CHECK(plan.tower_bytes == 0);
  CHECK(plan.parameters > fs::file_size(towers / "image_tower.ts") / 4);
}

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

TEST_CASE("evaluation data sets are not needed by a job that ends before") {
  Job job;
  job.config.eval.datasets[0].path = "/no/set";
  CHECK(job.refusal(jobs::Stage::kTrain).empty());
  CHECK_FALSE(job.refusal(jobs::Stage::kEval).empty());
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

TEST_CASE("a self-supervised term is for models with SLIP's head") {
  Job job;
  job.config.model.init = "random";
  job.config.slip.ssl_on = config::SslImages::kAll;
  CHECK_THAT(job.refusal(), Contains("slip") && Contains("no self-supervised head") &&
                                Contains("found") && Contains("helip-test-tiny"));
  const std::string models = std::string(HELIP_SOURCE_DIR) + "/configs/models/";
  job.config.model.architecture = models + "CLIP_VITS16.json";
  CHECK_THAT(job.refusal(), Contains("no self-supervised head"));
  job.config.model.architecture = models + "SLIP_VITS16.json";
  CHECK(job.refusal().empty());
  job.config.model.architecture = models + "CLIP_VITS16.json";
  job.config.slip = {};
  CHECK(job.refusal().empty());
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
  CHECK(slip.views < 2 * (slip.inputs + slip.activations));
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

}  // namespace helip::cli
