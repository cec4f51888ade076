// The shards of an import, written so that an interrupted import continues where it stopped: each
// whole shard is recorded with its digest and the number of the pair that comes after it.
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

// The folder OUT.import: `corpus`, which becomes OUT, and progress.jsonl, which records what is
// done.
class ImportShards {
 public:
  // Takes over the whole shards of an earlier run with the same `identity` (sources and options),
  // up to the first shard whose digest is wrong; removes everything else in `corpus`. Throws
  // ConfigError if another import works on this `out`, StoreError if the folder cannot be written.
  ImportShards(const std::filesystem::path& out, std::uint64_t samples_per_shard,
               const std::string& identity);
  ~ImportShards();
  ImportShards(const ImportShards&) = delete;
  ImportShards& operator=(const ImportShards&) = delete;

  // Returns the number of the first pair that is not in a whole shard.
  [[nodiscard]] std::uint64_t next_pair() const { return next_pair_; }
  // Return counts over all pairs so far, including the pairs of an earlier run.
  [[nodiscard]] std::uint64_t rewritten() const { return rewritten_ + rewritten_in_shard_; }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& reasons() const { return reasons_; }
  // Returns, by reason, how many problems cost 0 samples and the detail of the first.
  [[nodiscard]] const std::map<std::string, Noted>& noted() const { return noted_; }

  // Adds a pair. Pairs come in ascending order, from next_pair() on; each pair is either added or
  // left out. Throws StoreError if the shard cannot be written.
  void add(std::uint64_t pair, const std::string& key, const std::string& caption,
           const ImportedImage& image);
  // Records the problem. A problem of 0 samples is a note: its pair is added as well.
  void leave_out(const ImportProblem& problem);

  // Completes the last shard and writes sizes.json and import_report.jsonl into `corpus`. Call it
  // after the last pair; `pairs` is the number of all pairs. Returns the shards in order, none if
  // no pair was added.
  std::vector<std::filesystem::path> finish(std::uint64_t pairs);
  // Writes import_report.jsonl, which lists what was left out so far, beside `corpus`, for an
  // import that fails. Returns its path.
  std::filesystem::path report_failure() const;
  [[nodiscard]] std::filesystem::path corpus() const { return folder_ / "corpus"; }
  // Gives `corpus` its final name `out`, which must not exist, and removes OUT.import.
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
