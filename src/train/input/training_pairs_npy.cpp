
#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"
#include "store/array_files.h"
#include "store/npy.h"
#include "train/input/training_pairs.h"

namespace helip::train {
namespace {

store::NpyArray open_groups(const std::filesystem::path& file, std::uint64_t pairs) {
  auto groups = store::NpyArray::open(file);
  if (groups.dtype() != store::DType::kU32 || groups.shape() != std::vector<std::uint64_t>{pairs}) {
    throw StoreError({.what = "duplicate groups do not fit the corpus",
                      .where = file.string(),
                      .expected = cat("uint32 [", pairs, "]"),
                      .found = "another dtype or shape"});
  }
  return groups;
}

class NpyPairs final : public TrainingPairs {
 public:
  explicit NpyPairs(const std::filesystem::path& folder) {
    const std::filesystem::path file = folder / "manifest.json";
    try {
      const auto manifest = Json::parse(read_text_file(file));
      pairs_ = manifest.at("pairs").get<std::uint64_t>();
      fingerprint_ = manifest.at("fingerprint").get<std::string>();
    } catch (const JsonError& problem) {
      throw DataError({.what = "damaged corpus manifest",
                       .where = file.string(),
                       .expected = "JSON with pairs and fingerprint",
                       .found = problem.what()});
    }
    image_groups_ = open_groups(folder / store::kImageGroupFile, pairs_);
    caption_groups_ = open_groups(folder / store::kCaptionGroupFile, pairs_);
  }
  [[nodiscard]] std::uint64_t size() const override { return pairs_; }
  [[nodiscard]] const std::string& fingerprint() const override { return fingerprint_; }
  [[nodiscard]] std::span<const std::uint32_t> image_groups() const override {
    return image_groups_.as<std::uint32_t>();
  }
  [[nodiscard]] std::span<const std::uint32_t> caption_groups() const override {
    return caption_groups_.as<std::uint32_t>();
  }

 private:
  std::uint64_t pairs_ = 0;
  std::string fingerprint_;
  store::NpyArray image_groups_;
  store::NpyArray caption_groups_;
};

}  // namespace

std::unique_ptr<TrainingPairs> open_training_pairs(const std::filesystem::path& corpus_folder) {
  return std::make_unique<NpyPairs>(corpus_folder);
}

}  // namespace helip::train
