#include <algorithm>
#include <utility>

#include "config/checks/section_checks.h"

namespace helip::config {

void check(const EncoderConfig& encoder, Checks& checks) {
  const bool ready = encoder.source == EncoderSource::kNpy;
  for (const auto& [key, path] : {std::pair("encoder.image_embeddings", encoder.image_embeddings),
                                  std::pair("encoder.text_embeddings", encoder.text_embeddings)}) {
    if (ready) checks.text_is_given(path, key, "embeddings (.npy), as encoder.source is npy");
    checks.that(ready || path.empty(), key, "nothing, unless encoder.source is npy", path);
  }
  if (encoder.model) {
    checks.that(!ready, "encoder.model", "nothing, as encoder.source is npy",
                encoder.model->architecture);
    checks.that(encoder.model->init != "random" || encoder.source == EncoderSource::kTowers,
                "encoder.model.init", "a path: trained weights", encoder.model->init);
  }
  checks.that(
      encoder.task_samples >= 1 && encoder.task_samples % std::max(1U, encoder.batch_size) == 0,
      "encoder.task_samples", cat("a multiple of encoder.batch_size (", encoder.batch_size, ")"),
      encoder.task_samples);
}

}  // namespace helip::config
