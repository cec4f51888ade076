#include <algorithm>
#include <utility>

#include "config/section_checks.h"

namespace helip::config {
namespace {

void check_source(const EncoderConfig& encoder, Checks& checks) {
  checks.one_of(encoder.source, "encoder.source", {"model", "towers", "npy"});
  const bool ready = encoder.source == "npy";
  for (const auto& [key, path] : {std::pair("encoder.image_embeddings", encoder.image_embeddings),
                                  std::pair("encoder.text_embeddings", encoder.text_embeddings)}) {
    if (ready) checks.text_is_given(path, key, "embeddings (.npy), as encoder.source is npy");
    checks.that(ready || path.empty(), key, "nothing, unless encoder.source is npy", path);
  }
  if (!encoder.model) return;
  checks.that(!ready, "encoder.model", "nothing, as encoder.source is npy",
              encoder.model->architecture);
  check(*encoder.model, "encoder.model", checks);
  checks.that(encoder.model->init != "random" || encoder.source == "towers", "encoder.model.init",
              "a path: trained weights", encoder.model->init);
}

}  // namespace

void check(const ModelConfig& model, const std::string& section, Checks& checks) {
  checks.text_is_given(model.architecture, section + ".architecture",
                       "a model name, a model JSON or a folder with helip_model.json");
  checks.text_is_given(model.init, section + ".init", "random or a path");
  if (!model.name.empty()) checks.name(model.name, section + ".name");
}

void check(const EncoderConfig& encoder, Checks& checks) {
  check_source(encoder, checks);
  checks.that(in_range(encoder.batch_size, 1, 65536), "encoder.batch_size", "1 to 65536",
              encoder.batch_size);
  checks.that(encoder.task_samples >= 1 && encoder.batch_size >= 1 &&
                  encoder.task_samples % std::max(1U, encoder.batch_size) == 0,
              "encoder.task_samples",
              cat("a multiple of encoder.batch_size (", encoder.batch_size, ")"),
              encoder.task_samples);
}

}  // namespace helip::config
