#include "mining/encode/job_digest.h"

#include "common/digest.h"
#include "common/text.h"
#include "mining/pairs/embedding_files.h"
#include "model/files/model_digest.h"

namespace helip::mining {

std::string job_digest(const config::ModelConfig& tuned, const config::EncoderConfig& encoder) {
  const std::string digest = model::model_digest(tuned);
  if (encoder.source == config::EncoderSource::kNpy) {
    return sha256_hex(cat("model ", digest, "\nembeddings ",
                          embeddings_digest(encoder.image_embeddings, encoder.text_embeddings),
                          "\n"));
  }
  if (!encoder.model) return digest;
  return sha256_hex(cat("model ", digest, "\nencoder ", model::model_digest(*encoder.model), "\n"));
}

}  // namespace helip::mining
