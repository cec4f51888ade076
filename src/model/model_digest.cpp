#include "model/model_digest.h"

#include "common/digest.h"
#include "common/text.h"
#include "model/model_files.h"

namespace helip::model {

std::string model_digest(const config::ModelConfig& model) {
  const ArchitectureSource source = find_architecture(model.architecture, installed_models());
  const std::string weights = model.init == "random"
                                  ? cat("seed ", model.init_seed)
                                  : sha256_file(find_weights(model.init, source.locked_towers));
  const std::string tokenizer = model.tokenizer.empty() ? "default" : sha256_file(model.tokenizer);
  return sha256_hex(cat("description ", sha256_file(source.file), "\nweights ", weights,
                        "\ntokenizer ", tokenizer, "\n"));
}

}  // namespace helip::model
