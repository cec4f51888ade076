#include "mining/encode/job_digest.h"

#include "common/digest.h"
#include "common/text.h"
#include "mining/pairs/embedding_files.h"
#include "model/files/model_digest.h"

namespace helip::mining {

std::string job_digest(const config::RunConfig& config) {
  const config::EncoderConfig& encoder = config.encoder;
  const std::string tuned = model::model_digest(config.model);
  if (encoder.source == config::EncoderSource::kNpy) {
    return sha256_hex(cat("model ", tuned, "\nembeddings ",
                          embeddings_digest(encoder.image_embeddings, encoder.text_embeddings),
                          "\n"));
  }
  if (!encoder.model) return tuned;
  return sha256_hex(cat("model ", tuned, "\nencoder ", model::model_digest(*encoder.model), "\n"));
}

}  // namespace helip::mining
