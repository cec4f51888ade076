// Times the steps of the loader on one thread: read, decode, crop and resize, tokenize. Prints JSON
// with the processor seconds of each and the instruction set of resizing.
//
// usage: helip_time_loader SHARDS INDEX_FOLDER SIZE PASSES off|on
// SHARDS as corpus.path, the last word as train.decode_scaled.
#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "data/corpus/corpus.h"
#include "data/image/augment.h"
#include "data/image/target_clones.h"
#include "data/import/open_or_index.h"
#include "data/tokens/tokenizer.h"

namespace {

using namespace helip;

// Processor seconds since it was asked last.
class Lap {
 public:
  double next() {
    const double now = thread_seconds();
    const double lap = now - last_;
    last_ = now;
    return lap;
  }

 private:
  double last_ = thread_seconds();
};

OrderedJson run(const std::vector<std::string>& words) {
  if (words.size() != 5 || (words[4] != "off" && words[4] != "on")) {
    throw ConfigError(
        {.what = "wrong usage", .expected = "SHARDS INDEX_FOLDER SIZE PASSES off|on"});
  }
  const data::Corpus corpus = data::Corpus::open(data::open_or_index({.path = words[0]}, words[1]));
  data::PreprocessConfig config;
  config.size = std::stoi(words[2]);
  const std::uint64_t passes = std::stoull(words[3]);
  const bool scaled = words[4] == "on";
  const auto tokenizer = data::make_clip_tokenizer(data::default_clip_vocabulary());

  std::vector<float> pixels(static_cast<std::size_t>(config.size) *
                            static_cast<std::size_t>(config.size) * 3);
  std::vector<std::int64_t> tokens(static_cast<std::size_t>(tokenizer->context_length()));
  double read = 0, decode = 0, preprocess = 0, tokenize = 0;
  Lap whole, lap;
  for (std::uint64_t pass = 0; pass < passes; ++pass) {
    for (std::uint64_t i = 0; i < corpus.size(); ++i) {
      const data::AugmentKey key{1, pass, i, 0};
      lap.next();
      const data::Sample sample = corpus.load(SampleId{i});
      read += lap.next();
      const data::CroppedImage source =
          data::decode_for_crops(sample.image, config.size, {}, scaled, [&](int width, int height) {
            return std::vector<data::Crop>{
                data::random_crop(width, height, config::TrainConfig{}.crop_scale, key)};
          });
      decode += lap.next();
      data::preprocess_region(source.image, source.regions.at(0), config, pixels);
      preprocess += lap.next();
      tokenizer->encode(sample.caption, tokens);
      tokenize += lap.next();
    }
  }
  const double seconds = whole.next();
  return {{"images", passes * corpus.size()},
          {"seconds", seconds},
          {"read", read},
          {"decode", decode},
          {"preprocess", preprocess},
          {"tokenize", tokenize},
          {"instruction_set", data::vector_clone()}};
}

}  // namespace

int main(int count, char** words) {
  try {
    std::cout << run({words + 1, words + count}).dump() << "\n";
    return kExitDone;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return kExitFailed;
  }
}
