// preprocess_cfg of OpenCLIP's JSON, which models of other kinds share. Torch-free.
#pragma once

#include <optional>

#include "common/json.h"
#include "data/image/image.h"

namespace helip::model {

class JsonFields;

inline constexpr int kMaxImageSize = 4096;

// Reads all keys of `fields`. `default_size` empty: the size must be given. Throws ConfigError.
data::PreprocessConfig read_preprocess(JsonFields& fields, std::optional<int> default_size);

// What read_preprocess reads back to equal values.
Json preprocess_json(const data::PreprocessConfig& preprocess);

}  // namespace helip::model
