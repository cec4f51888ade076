#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <span>
#include <vector>

#include "common/error.h"
#include "common/publish.h"
#include "data/corpus/corpus.h"
#include "data/corpus/tar_writer.h"
#include "data/image/encode_image.h"
#include "data/image/ssl_augment.h"
#include "data/import/open_or_index.h"
#include "support/temporary_folder.h"
#include "train/input/input_loader.h"
#include "train/small_job.h"

namespace helip::train {
namespace {

// One token per character: what a caption became is easy to see.
class CharacterTokenizer final : public data::Tokenizer {
 public:
  [[nodiscard]] int context_length() const override { return 64; }
  [[nodiscard]] std::int64_t vocabulary_size() const override { return 256; }
  void encode(std::string_view text, std::span<std::int64_t> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = i < text.size() ? text[i] : 0;
  }
};

std::string text_of(const InputBatch& batch, std::size_t row) {
  std::string text;
  for (std::size_t i = row * 64; i < (row + 1) * 64 && batch.tokens[i] != 0; ++i) {
    text += static_cast<char>(batch.tokens[i]);
  }
  return text;
}

const CharacterTokenizer kTokenizer;
const data::PreprocessConfig kPreprocess = {.size = 16};

TEST_CASE("pixels and captions are those of the corpus, whatever the number of threads") {
  const test::TemporaryFolder folder;
  const auto corpus_folder = test::make_small_corpus(folder.path() / "corpus");
  const data::Corpus corpus = data::Corpus::open(corpus_folder);
  for (const std::uint32_t threads : {1U, 3U}) {
    for (const bool augment : {false, true}) {
      const auto source =
          open_raw_loader(corpus_folder, {}, kPreprocess, kTokenizer,
                          {.augment = augment, .word_dropout = 0, .threads = threads, .seed = 9});
      std::vector<RowRequest> requests;
      for (std::uint64_t b = 0; b < 5; ++b) {
        RowRequest rows{.epoch = b, .ids = {}, .slots = {}};
        for (std::uint64_t i = 0; i < 7; ++i) {
          rows.ids.push_back(SampleId{(b * 11 + i * 5) % test::kPairs});
          rows.slots.push_back(100 + i);
        }
        requests.push_back(rows);
        source->request(rows);
      }
      for (const RowRequest& rows : requests) {
        const InputBatch batch = source->take();
        REQUIRE(batch.image_shape == std::vector<std::int64_t>{7, 3, 16, 16});
        REQUIRE(batch.text_shape == std::vector<std::int64_t>{7, 64});
        REQUIRE(batch.text_features.empty());
        for (std::size_t row = 0; row < rows.ids.size(); ++row) {
          const data::Sample sample = corpus.load(rows.ids[row]);
          CHECK(text_of(batch, row) == sample.caption);
          std::vector<float> expected(3 * 16 * 16);
          const data::Image image = data::decode_image(sample.image);
          if (augment) {
            data::preprocess_augmented(image, kPreprocess, 0.9,
                                       {9, rows.epoch, to_index(rows.ids[row]), rows.slots[row]},
                                       expected);
          } else {
            data::preprocess(image, kPreprocess, expected);
          }
          const auto found = std::span(batch.image).subspan(row * expected.size(), expected.size());
          CHECK(std::equal(expected.begin(), expected.end(), found.begin()));
        }
      }
    }
  }
}

TEST_CASE("views are made of the rows that want them, and the training images stay as they are") {
  const test::TemporaryFolder folder;
  const auto corpus_folder = test::make_small_corpus(folder.path() / "corpus");
  const data::Corpus corpus = data::Corpus::open(corpus_folder);
  constexpr std::size_t kPixels = 3 * 16 * 16;
  for (const bool augment : {false, true}) {
    RowRequest rows{.epoch = 3,
                    .ids = {SampleId{5}, SampleId{9}, SampleId{2}, SampleId{9}},
                    .slots = {20, 21, 22, 23}};
    const auto source = open_raw_loader(
        corpus_folder, {}, kPreprocess, kTokenizer,
        {.augment = augment, .crop_scale = 0.5, .word_dropout = 0, .threads = 3, .seed = 4});
    source->request(rows);
    rows.view_rows = {1, 3, 1};  // one row twice, as where ranks are padded
    source->request(rows);
    const InputBatch plain = source->take();
    const InputBatch batch = source->take();
    CHECK(plain.view_shape.empty());
    CHECK(plain.views[0].empty());
    CHECK(batch.image == plain.image);
    CHECK(batch.view_shape == std::vector<std::int64_t>{3, 3, 16, 16});
    for (std::uint32_t view = 0; view < 2; ++view) {
      const std::vector<float>& found = batch.views.at(view);
      REQUIRE(found.size() == 3 * kPixels);
      for (std::size_t at = 0; at < 3; ++at) {
        const auto row = static_cast<std::size_t>(rows.view_rows[at]);
        const data::Image image = data::decode_image(corpus.load(rows.ids[row]).image);
        const data::ViewDraws draws = data::draw_view(
            image.width, image.height, {4, 3, to_index(rows.ids[row]), rows.slots[row]}, view);
        std::vector<float> expected(kPixels);
        data::preprocess_view(image, data::box_of(draws.crop), draws, kPreprocess, expected);
        CHECK(std::equal(expected.begin(), expected.end(),
                         found.begin() + static_cast<std::ptrdiff_t>(at * kPixels)));
      }
    }
  }
}

// A picture whose colours lie far apart in its palette: nearest and mixed pixels differ.
std::vector<std::byte> indexed_picture() {
  data::StoredImage image;
  image.mode = data::PixelMode::kIndexed;
  image.width = 40;
  image.height = 36;
  for (int i = 0; i < 40 * 36; ++i) image.pixels.push_back(static_cast<std::uint8_t>(i * 7));
  for (int i = 0; i < 256; ++i)
    image.palette.push_back({static_cast<std::uint8_t>(i * 91), static_cast<std::uint8_t>(i * 37),
                             static_cast<std::uint8_t>(i), 255});
  return data::encode_png(image);
}

TEST_CASE("images of a table are resized before they become RGB, those of shards after") {
  const test::TemporaryFolder folder;
  const std::vector<std::byte> encoded = indexed_picture();
  const std::string caption = "a picture";
  const std::filesystem::path files = folder.path() / "files";
  std::filesystem::create_directories(files);
  publish_file(files / "a.png", {reinterpret_cast<const char*>(encoded.data()), encoded.size()});
  publish_file(files / "a.txt", caption);
  const std::filesystem::path shards = folder.path() / "shards";
  std::filesystem::create_directories(shards);
  data::TarWriter tar(shards / "0.tar");
  tar.add("a.png", encoded);
  tar.add("a.txt", std::as_bytes(std::span(caption)));
  tar.publish();

  const data::StoredImage stored = data::decode_stored(encoded);
  REQUIRE(stored.mode == data::PixelMode::kIndexed);
  for (const bool augment : {true, false}) {
    std::vector<std::vector<float>> found;
    for (const std::filesystem::path& source : {files, shards}) {
      const auto corpus = data::open_or_index(
          {.path = source.string()}, folder.path() / (source.filename().string() + ".index"));
      const auto pixels =
          open_raw_loader(corpus, {}, kPreprocess, kTokenizer, {.augment = augment, .seed = 3});
      pixels->request({.epoch = 1, .ids = {SampleId{0}}, .slots = {2}, .view_rows = {0}});
      const InputBatch batch = pixels->take();
      found.push_back(batch.image);
      found.push_back(batch.views[0]);
    }
    const auto expected = [&](const data::PixelView& image) {
      std::vector<float> planes(3 * 16 * 16);
      if (augment) {
        data::preprocess_augmented(image, kPreprocess, 0.9, {3, 1, 0, 2}, planes);
      } else {
        data::preprocess(image, kPreprocess, planes);
      }
      return planes;
    };
    CHECK(found[0] == expected(stored));
    CHECK(found[2] == expected(data::to_rgb(stored)));
    CHECK(found[0] != found[2]);
    // Views are of RGB.
    CHECK(found[1] == found[3]);
  }
}

TEST_CASE("words are dropped by key, so a batch is the same every time") {
  const test::TemporaryFolder folder;
  const auto corpus_folder = test::make_small_corpus(folder.path() / "corpus");
  const RowRequest rows{
      .epoch = 2, .ids = {SampleId{5}, SampleId{5}, SampleId{6}}, .slots = {0, 1, 2}};
  std::vector<std::int64_t> first;
  for (int run = 0; run < 2; ++run) {
    const auto source =
        open_raw_loader(corpus_folder, {}, kPreprocess, kTokenizer,
                        {.augment = true, .word_dropout = 0.5, .threads = 2, .seed = 1});
    source->request(rows);
    const InputBatch batch = source->take();
    if (run == 0) {
      first = batch.tokens;
      CHECK(text_of(batch, 0) == data::drop_words("drawing number 5 of a thing", 0.5, 1, 2, 5, 0));
      CHECK(text_of(batch, 1) == data::drop_words("drawing number 5 of a thing", 0.5, 1, 2, 5, 1));
    }
    CHECK(batch.tokens == first);
  }
}

TEST_CASE("a sample that can no longer be decoded stops the batch and is named") {
  const test::TemporaryFolder folder;
  const auto corpus_folder = test::make_small_corpus(folder.path() / "corpus");
  const data::Sample sample = data::Corpus::open(corpus_folder).load(SampleId{3});
  // A byte in the middle of the image changes after indexing; the size stays.
  const auto shard = folder.path() / "corpus.shards" / sample.shard;
  {
    const auto file = std::fopen(shard.c_str(), "r+b");
    REQUIRE(file != nullptr);
    std::fseek(file, static_cast<long>(sample.offset), SEEK_SET);
    for (int i = 0; i < 60; ++i) std::fputc(0, file);
    std::fclose(file);
  }
  const auto source = open_raw_loader(corpus_folder, {}, kPreprocess, kTokenizer, {});
  source->request({.epoch = 0, .ids = {SampleId{2}}, .slots = {0}});
  source->request({.epoch = 0, .ids = {SampleId{2}, SampleId{3}}, .slots = {0, 1}});
  CHECK(source->take().image.size() == 3 * 16 * 16);
  CHECK_THROWS_AS(source->take(), DataError);
  source->request({.epoch = 0, .ids = {SampleId{3}}, .slots = {0}});
  CHECK_THROWS_WITH(source->take(), Catch::Contains("pair 3 of the corpus, tried 3 times"));
}

}  // namespace
}  // namespace helip::train
