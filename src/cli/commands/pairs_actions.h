// The actions of the subcommands of `helip pairs`; pairs_command.cpp adds them to the program.
#pragma once

#include <cstdint>
#include <string>

#include "data/corpus/corpus.h"
#include "store/hard_pair_table.h"

namespace helip::cli {

struct PairsArguments {
  std::string table = {};
  std::string other_table = {};  // B of `pairs compare`
  std::string corpus = {};
  std::string image_embeddings = {};
  std::string text_embeddings = {};
  std::uint64_t target = 0;
  std::uint32_t shown = 10;
  std::string format = {};
  std::string out = {};
  bool json = false;
};

// Opens the hard-pair table in `folder`. Throws DataError if it names another corpus. If it names
// no corpus, throws StoreError unless it has as many pairs as `corpus`, and says on stderr that it
// is taken to be of this corpus.
store::HardPairTable open_table_of(const std::string& folder, const data::Corpus& corpus);

// Print to stdout: text for people, or one line of JSON with arguments.json.
void print_table_stats(const PairsArguments& arguments);
void print_table_comparison(const PairsArguments& arguments);
void show_target(const PairsArguments& arguments);
// Writes the table to arguments.out in arguments.format and prints how many targets it has written.
void export_table(const PairsArguments& arguments);

}  // namespace helip::cli
