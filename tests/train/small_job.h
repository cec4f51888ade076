// A small training job: a corpus, tower features, a hard-pair table and the specification to train
// on them. Everything is a function of the folder alone, so that several processes can share one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "train/train_job.h"

namespace helip::test {

inline constexpr std::uint64_t kPairs = 40;
inline constexpr std::uint64_t kQuarantined = 4;  // one pair
inline constexpr std::uint64_t kUnsuitable = 7;   // one target has an empty slot in the table

// Pairs 0 and 1 share their image, pairs 2 and 3 their caption. small_corpus_tar.cpp makes shards
// and their index, small_corpus_npy.cpp, for builds without shards, the manifest and the groups
// alone. Returns the corpus folder.
std::filesystem::path make_small_corpus(const std::filesystem::path& folder);

// Makes the inputs under `folder`, unless they are there, and returns the specification: locked
// towers, 30 steps of 3 seeds with 2 hard pairs each (13 steps an epoch), a
// checkpoint every 4 steps.
train::TrainSpec small_job(const std::filesystem::path& folder);

// The same corpus, trained from pixels: 6 steps.
train::TrainSpec small_pixel_job(const std::filesystem::path& folder);

// The same with a tiny SLIP model and its self-supervised head.
train::TrainSpec small_slip_job(const std::filesystem::path& folder);

// The same corpus, with two TorchScript towers trained from pixels and captions, one of them from a
// layer on, with batch norms and dropout: 6 steps.
train::TrainSpec small_towers_job(const std::filesystem::path& folder);

// The same with the image tower, which has batch norms and dropout, trained from pixels beside the
// text tower's features, or, with `trains` "text", the text tower from captions beside the image
// tower's features: 6 steps.
train::TrainSpec small_mixed_job(const std::filesystem::path& folder,
                                 const std::string& trains = "image");

// FOLDER of the spec's newest checkpoint, by name.
std::filesystem::path last_checkpoint(const train::TrainSpec& spec);

}  // namespace helip::test
