// Encodes the captions of a range of samples, each one, or each distinct one once. Torch-free.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/corpus/feature_cache.h"
#include "data/tokens/tokenizer.h"

namespace helip::mining {

// What is done with a caption that came before in the range. A tower's last bits may depend on the
// place of a row in its batch. Without repeats a caption's place, and so its row, depends on the
// whole range; with them on its place in the range alone.
enum class Repeats { kEncodeAgain, kTakeFirst };

// Not thread-safe. Every forward pass has the same number of rows.
class CaptionEncoder {
 public:
  // Returns a row for each row of tokens [batch_size, context_length].
  using Forward = std::function<data::FeatureBlock(std::vector<std::int64_t>& tokens)>;

  // The tokenizer must outlive it.
  CaptionEncoder(const data::Tokenizer& tokenizer, std::uint64_t batch_size, Repeats repeats,
                 Forward forward);

  // Appends the rows of these captions. The row of an empty one, which is none, is zero. Throws
  // what `forward` throws.
  void add(std::span<const std::string> captions);
  // Returns the rows of all captions. To be called once, after the last add().
  data::FeatureBlock finish();

 private:
  void run();

  const data::Tokenizer& tokenizer_;
  const std::size_t batch_size_, length_;
  const Repeats repeats_;
  const Forward forward_;
  std::vector<std::int64_t> tokens_;  // of the next forward pass, [batch_size, context_length]
  std::size_t waiting_ = 0;           // its rows
  std::unordered_map<std::string, std::size_t> known_;  // the encoded row of each caption
  std::vector<std::size_t> sources_;  // the encoded rows of the captions, in order
  std::size_t assigned_ = 0;          // encoded rows, those that wait too
  data::FeatureBlock encoded_;
};

}  // namespace helip::mining
