// What the subcommands of `helip pairs` do; pairs_command.cpp says how they are called.
#pragma once

#include <cstdint>
#include <string>

#include "data/corpus/corpus.h"
#include "store/hard_pair_table.h"

namespace helip::cli {

struct PairsArguments {
  std::string table = {};
  std::string other_table = {};  // compare's B
  std::string corpus = {};
  std::string image_embeddings = {};
  std::string text_embeddings = {};
  std::uint64_t target = 0;
  std::uint32_t shown = 10;
  std::string format = {};
  std::string out = {};
  bool json = false;
};

// A table of this corpus, else an error. One that does not name its corpus only has to have as many
// pairs, and a line on stderr says so.
store::HardPairTable open_table_of(const std::string& folder, const data::Corpus& corpus);

// Each prints to stdout: for people, or one line of JSON.
void print_table_stats(const PairsArguments& arguments);
void print_table_comparison(const PairsArguments& arguments);
void show_target(const PairsArguments& arguments);
void export_table(const PairsArguments& arguments);

}  // namespace helip::cli
