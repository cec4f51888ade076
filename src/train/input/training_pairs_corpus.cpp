#include "data/corpus/corpus.h"
#include "train/input/training_pairs.h"

namespace helip::train {
namespace {

class CorpusPairs final : public TrainingPairs {
 public:
  explicit CorpusPairs(const std::filesystem::path& folder) : corpus_(data::Corpus::open(folder)) {}
  [[nodiscard]] std::uint64_t size() const override { return corpus_.size(); }
  [[nodiscard]] const std::string& fingerprint() const override {
    return corpus_.manifest().fingerprint;
  }
  [[nodiscard]] std::span<const std::uint32_t> image_groups() const override {
    return corpus_.image_groups();
  }
  [[nodiscard]] std::span<const std::uint32_t> caption_groups() const override {
    return corpus_.caption_groups();
  }

 private:
  const data::Corpus corpus_;
};

}  // namespace

std::unique_ptr<TrainingPairs> open_training_pairs(const std::filesystem::path& corpus_folder) {
  return std::make_unique<CorpusPairs>(corpus_folder);
}

}  // namespace helip::train
