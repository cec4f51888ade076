// A job whose inputs are all there, for tests that spoil one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "cli/preflight/check_inputs.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/run_config.h"
#include "data/corpus/tar_writer.h"
#include "model/files/model_files.h"
#include "model/files/weights_check.h"
#include "store/npy.h"
#include "store/safetensors.h"
#include "support/temporary_folder.h"

namespace helip::cli {

namespace fs = std::filesystem;

inline const std::string kTiny =
    std::string(HELIP_SOURCE_DIR) + "/configs/models/helip-test-tiny.json";

// Weights of that architecture, all zero.
inline void write_weights(const fs::path& file) {
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

inline void add(data::TarWriter& tar, const std::string& name) {
  tar.add(name, std::as_bytes(std::span("content", 7)));
}

// Three pairs and a caption without an image.
inline void write_shard(const fs::path& file) {
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
inline void write_split(const fs::path& folder, const std::vector<Sample>& samples) {
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

}  // namespace helip::cli
