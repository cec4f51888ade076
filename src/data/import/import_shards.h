// The shards of an import, written so that an interrupted one goes on where it was: each whole
// shard is noted with its digest and with the pair that comes after it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/corpus/tar_writer.h"
#include "data/import/import_image.h"
#include "data/import/import_source.h"

namespace helip::data {

// OUT.import: `corpus`, which becomes OUT, and progress.jsonl, which says what is done.
class ImportShards {
 public:
  // Takes over the whole shards of an earlier run whose `identity` (sources and options) is equal,
  // as far as their digests fit; anything else in the folder is removed. Throws ConfigError if
  // another import works on this `out`, StoreError if the folder cannot be written.
  ImportShards(const std::filesystem::path& out, std::uint64_t samples_per_shard,
               const std::string& identity);
  ~ImportShards();
  ImportShards(const ImportShards&) = delete;
  ImportShards& operator=(const ImportShards&) = delete;

  // The first pair that is not in a whole shard.
  [[nodiscard]] std::uint64_t next_pair() const { return next_pair_; }
  // Return counts over all pairs so far, including the pairs of an earlier run.
  [[nodiscard]] std::uint64_t rewritten() const { return rewritten_ + rewritten_in_shard_; }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& reasons() const { return reasons_; }
  // Returns, by reason, how many problems cost 0 samples and the detail of the first.
  [[nodiscard]] const std::map<std::string, Noted>& noted() const { return noted_; }

  // Pairs in ascending order, from next_pair() on: each is added or left out.
  void add(std::uint64_t pair, const std::string& key, const std::string& caption,
           const ImportedImage& image);
  // Notes the problem; one of 0 samples leaves nothing out.
  void leave_out(const ImportProblem& problem);

  // After the last of `pairs`: writes sizes.json and import_report.jsonl into `corpus`; returns the
  // shards in order, none if no pair was added.
  std::vector<std::filesystem::path> finish(std::uint64_t pairs);
  // Writes import_report.jsonl of what was left out so far beside `corpus`, for an import that ends
  // early; returns its path.
  std::filesystem::path report_failure() const;
  [[nodiscard]] std::filesystem::path corpus() const { return folder_ / "corpus"; }
  // Gives `corpus` its final name and removes the rest.
  void publish(const std::filesystem::path& out);

 private:
  void lock();
  void take_over(const std::string& identity);
  bool take_over_shard(const std::string& line);
  void remove_unknown() const;
  [[nodiscard]] std::string shard_name() const;
  void close_shard(std::uint64_t next_pair);
  void count(const ImportProblem& problem);

  std::filesystem::path folder_;
  int lock_ = -1;  // an open file
  std::uint64_t samples_per_shard_;
  std::size_t digits_;
  std::uint64_t next_pair_ = 0;
  std::uint64_t rewritten_ = 0;
  std::uint64_t rewritten_in_shard_ = 0;
  std::uint64_t left_out_ = 0;
  std::map<std::string, std::uint64_t> reasons_;
  std::map<std::string, Noted> noted_;
  std::string report_;                  // import_report.jsonl up to the last whole shard
  std::string report_tail_;             // what came after it
  std::vector<std::string> names_;      // of the whole shards
  std::vector<std::uint64_t> samples_;  // in each of them
  std::unique_ptr<TarWriter> tar_;
  std::uint64_t in_shard_ = 0;
};

}  // namespace helip::data
