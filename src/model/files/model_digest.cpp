#include "model/files/model_digest.h"

#include <filesystem>

#include "common/digest.h"
#include "common/text.h"
#include "model/files/model_files.h"
#include "model/files/two_tower_config.h"

namespace helip::model {

std::string model_digest(const config::ModelConfig& model) {
  const ArchitectureSource source = find_architecture(model.architecture, installed_models());
  const std::string weights = model.init == "random"
                                  ? cat("seed ", model.init_seed)
                                  : sha256_file(find_weights(model.init, folder_weights(source)));
  const std::string tokenizer = model.tokenizer.empty() ? "default" : sha256_file(model.tokenizer);
  // Trained towers begin with the weights of the files that the folder of the heads names.
  const std::filesystem::path beside = std::filesystem::path(model.init) / kTwoTowerConfigFile;
  const auto described = std::filesystem::exists(beside) ? find_two_towers(source) : std::nullopt;
  const bool follows = described && described->kind == TowersKind::kTrained;
  const std::string towers = follows ? cat("towers ", sha256_file(beside), "\n") : "";
  return sha256_hex(cat("description ", sha256_file(source.file), "\nweights ", weights,
                        "\ntokenizer ", tokenizer, "\n", towers));
}

}  // namespace helip::model
