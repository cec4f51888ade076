#include "common/error.h"
#include "train/input/input_loader.h"

namespace helip::train {

std::unique_ptr<InputLoader> open_raw_loader(const std::filesystem::path& corpus_folder,
                                             const model::InputKinds& /*inputs*/,
                                             const data::PreprocessConfig& /*preprocess*/,
                                             const data::Tokenizer& /*tokenizer*/,
                                             const RawOptions& /*options*/) {
  throw ConfigError({.what = "this build cannot train from pixels: it has no image codecs",
                     .where = corpus_folder.string(),
                     .expected = "a locked-towers model with cached features",
                     .found = "a build with HELIP_ENGINE_ONLY=ON"});
}

}  // namespace helip::train
