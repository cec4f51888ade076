// scores.jsonl: one JSON object for each score of a model in training (the section `scores`), for
// all repeats of a job. Written by rank 0 alone. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "train/checkpoint/checkpoint.h"
#include "train/log/event_file.h"

namespace helip::train {

inline constexpr const char* kScoresFile = "scores.jsonl";  // beside metrics.jsonl

class ScoresLog {
 public:
  // Makes the lines of this seed in an existing file those of known(), and leaves out, with a
  // warning, lines that are none (a write was cut short). Lines of other seeds stay. `resumed`: the
  // checkpoint that training goes on from, or nothing. Throws StoreError if the file cannot be read
  // or replaced.
  ScoresLog(std::filesystem::path file, std::uint64_t seed,
            const std::optional<TrainState>& resumed);

  // Returns the scores that were made up to the resumed step: those that the checkpoint names, and
  // the ones in the file that were made after it was written, that is of its own weights.
  [[nodiscard]] const HeldOutScores& known() const { return known_; }
  void append(const HeldOutScore& score) const;

 private:
  [[nodiscard]] std::string line_of(const HeldOutScore& score) const;

  std::filesystem::path file_;
  std::uint64_t seed_;
  HeldOutScores known_;
};

// Returns the values of a score for TensorBoard, under OpenCLIP's tags where it has one:
// val/NAME-zeroshot-SPLIT-top1, val/NAME-retrieval-SPLIT-image_to_text_R@1.
EventFile::Scalars event_of(const HeldOutScore& score, const config::ScoresConfig& config);

}  // namespace helip::train
