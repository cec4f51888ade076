// Loaders of a rank's inputs, of each modality: cached features of its tower, or pixels or captions
// of the corpus. Torch-free.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "common/ids.h"
#include "config/run_config.h"
#include "data/image/image.h"
#include "data/tokens/tokenizer.h"
#include "model/files/input_kinds.h"

namespace helip::train {

// The rows one rank needs for one step, with the keys of their random draws.
struct RowRequest {
  std::uint64_t epoch = 0;
  std::vector<SampleId> ids;
  std::vector<std::uint64_t> slots;  // LocalBatch::slots
  // Positions in `ids` of the rows whose images get two more views.
  std::vector<std::int64_t> view_rows = {};
};

// Row-major buffers, in the order of the request.
struct InputBatch {
  std::vector<std::int64_t> image_shape;  // [B, 3, H, W] pixels or [B, D] features
  std::vector<float> image;
  std::vector<std::int64_t> text_shape;  // [B, L] tokens or [B, D] features
  std::vector<std::int64_t> tokens;      // tokens or text_features is empty
  std::vector<float> text_features;
  std::vector<std::int64_t> view_shape;  // [V, 3, H, W], V the view_rows
  // The views of the self-supervised term (data/image/ssl_augment.h).
  std::array<std::vector<float>, 2> views;
};

// A loader may work ahead: batches come out in the order in which they were requested. Used by one
// thread.
class InputLoader {
 public:
  virtual ~InputLoader() = default;
  // Requests the next batch and returns at once.
  virtual void request(RowRequest rows) = 0;
  // Blocks until the oldest batch requested is ready, and returns it. Precondition: there is one.
  // Throws DataError naming a sample that can no longer be read.
  virtual InputBatch take() = 0;
};

// Opens those of FOLDER/image_features.npy and text_features.npy whose modality is of features:
// the encode stage made them, one row for each of `pairs` pairs. Throws StoreError if they do not
// fit. The rest of a batch is what `raw` gives; it is null where both modalities are of features,
// and batches then have no views.
std::unique_ptr<InputLoader> open_feature_loader(const std::filesystem::path& folder,
                                                 std::uint64_t pairs,
                                                 const model::InputKinds& inputs,
                                                 std::unique_ptr<InputLoader> raw);

struct RawOptions {
  bool augment = true;  // training images; views are augmented always
  double crop_scale = 0.9;
  bool decode_scaled = false;
  data::DecodeLimits limits = {};
  double word_dropout = 0;
  std::uint32_t threads = 1;
  std::uint64_t seed = 0;
};

// Opens a loader that decodes and augments images and tokenizes captions of the corpus in threads
// of its own, for the modalities whose inputs are raw. `preprocess` and `tokenizer` must outlive
// it. Throws what data::Corpus::open throws. In engine-only builds, which have no codecs, throws
// ConfigError (raw_loader_absent.cpp).
std::unique_ptr<InputLoader> open_raw_loader(const std::filesystem::path& corpus_folder,
                                             const model::InputKinds& inputs,
                                             const data::PreprocessConfig& preprocess,
                                             const data::Tokenizer& tokenizer,
                                             const RawOptions& options);

}  // namespace helip::train
