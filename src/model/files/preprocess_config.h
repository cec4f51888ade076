// Reads and writes preprocess_cfg of OpenCLIP's JSON, which models of other kinds share.
// Torch-free.
#pragma once

#include <optional>

#include "common/json.h"
#include "data/image/image.h"

namespace helip::model {

class JsonFields;

inline constexpr int kMaxImageSize = 4096;

// Returns what `fields` says, of which it reads all keys. Without `default_size` the size must be
// given. Throws ConfigError naming file and key.
data::PreprocessConfig read_preprocess(JsonFields& fields, std::optional<int> default_size);

// Returns JSON that read_preprocess reads back to equal values.
Json preprocess_json(const data::PreprocessConfig& preprocess);

}  // namespace helip::model
