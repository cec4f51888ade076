#include <catch2/catch.hpp>
#include <deque>
#include <span>

#include "common/error.h"
#include "store/npy.h"
#include "support/temporary_folder.h"
#include "train/input/input_loader.h"

namespace helip::train {
namespace {

void write_features(const std::filesystem::path& file, std::uint64_t rows, std::uint64_t width,
                    float first) {
  std::vector<float> values;
  for (std::uint64_t i = 0; i < rows * width; ++i) values.push_back(first + static_cast<float>(i));
  store::NpyWriter writer(file, store::DType::kF32, {rows, width});
  writer.write_values(std::span<const float>(values));
  writer.publish();
}

constexpr model::InputKinds kBoth = {.image = model::InputKind::kFeatures,
                                     .text = model::InputKind::kFeatures};

TEST_CASE("features come by id, in the order of the requests") {
  const test::TemporaryFolder folder;
  write_features(folder.path() / "image_features.npy", 4, 3, 0);
  write_features(folder.path() / "text_features.npy", 4, 2, 100);
  const auto source = open_feature_loader(folder.path(), 4, kBoth, nullptr);
  source->request({.epoch = 0, .ids = {SampleId{2}, SampleId{0}}, .slots = {0, 1}});
  source->request({.epoch = 0, .ids = {SampleId{3}}, .slots = {0}});
  const InputBatch first = source->take();
  CHECK(first.image_shape == std::vector<std::int64_t>{2, 3});
  CHECK(first.image == std::vector<float>{6, 7, 8, 0, 1, 2});
  CHECK(first.text_shape == std::vector<std::int64_t>{2, 2});
  CHECK(first.text_features == std::vector<float>{104, 105, 100, 101});
  CHECK(first.tokens.empty());
  CHECK(source->take().image == std::vector<float>{9, 10, 11});
}

// Gives the ids as pixels, one each.
class IdsAsPixels final : public InputLoader {
 public:
  void request(RowRequest rows) override { requests_.push_back(std::move(rows)); }
  InputBatch take() override {
    InputBatch batch;
    for (const SampleId id : requests_.front().ids) {
      batch.image.push_back(static_cast<float>(to_index(id)));
    }
    batch.image_shape = {static_cast<std::int64_t>(batch.image.size()), 1};
    requests_.pop_front();
    return batch;
  }

 private:
  std::deque<RowRequest> requests_;
};

TEST_CASE("features of one modality join the raw inputs of the other") {
  const test::TemporaryFolder folder;
  write_features(folder.path() / "text_features.npy", 4, 2, 100);
  const auto source = open_feature_loader(folder.path(), 4, {.text = model::InputKind::kFeatures},
                                          std::make_unique<IdsAsPixels>());
  source->request({.epoch = 0, .ids = {SampleId{2}, SampleId{0}}, .slots = {0, 1}});
  source->request({.epoch = 0, .ids = {SampleId{3}}, .slots = {0}});
  const InputBatch first = source->take();
  CHECK(first.image == std::vector<float>{2, 0});
  CHECK(first.text_features == std::vector<float>{104, 105, 100, 101});
  const InputBatch second = source->take();
  CHECK(second.image == std::vector<float>{3});
  CHECK(second.text_features == std::vector<float>{106, 107});
}

TEST_CASE("features of another corpus, or none, are refused") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(open_feature_loader(folder.path(), 4, kBoth, nullptr), StoreError);
  write_features(folder.path() / "image_features.npy", 4, 3, 0);
  write_features(folder.path() / "text_features.npy", 5, 2, 0);
  CHECK_THROWS_WITH(open_feature_loader(folder.path(), 4, kBoth, nullptr),
                    Catch::Contains("text_features.npy") && Catch::Contains("4 rows") &&
                        Catch::Contains("5 rows"));
}

}  // namespace
}  // namespace helip::train
