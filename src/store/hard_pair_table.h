// The hard-pair table: FOLDER/{manifest.json, indices.npy (uint32 N×K), scores.npy (float32 N×K),
// suitable.npy (bool N)}. manifest.json is written last and holds the digests of the arrays, the
// corpus fingerprint and how the table was made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "common/ids.h"
#include "store/npy.h"

namespace helip::store {

struct HardPairManifest {
  int version = 1;                 // number of the table in its job: WORK/hard_pairs/<version>
  std::string corpus_fingerprint;  // empty: mined from bare .npy
  std::string config_digest;       // sha256 of the resolved configuration; empty for `helip mine`
  std::string embeddings_digest;   // sha256 over the digests of the embedding files
  std::string method;              // exact | fast | index
  std::uint64_t pairs = 0;         // N
  std::uint32_t hard_pairs_per_target = 0;  // K
  std::uint64_t pool_size = 0;              // C of fast mining; N for exact and index
  std::uint64_t suitable = 0;               // targets that are no outliers
  // Recall against exact HPM, measured on recall_targets random targets. Exact HPM needs no
  // measurement: recall is 1 and recall_targets is 0.
  double recall = 1;
  std::uint32_t recall_targets = 0;
  double image_floor = 0, text_floor = 0, duplicate_ceiling = 0;
  // Options beyond the paper. manifest.json names the options that are not at these defaults.
  std::string metric = "product";
  double min_score = 0, max_score = 1;
  std::optional<double> absolute_margin, relative_margin;
  std::uint32_t hub_cap = 0, per_group = 0;
  std::uint64_t seed = 0;
  std::string cpu_model, build;  // the same bits are promised only for the same two
  std::string indices_sha256, scores_sha256, suitable_sha256;
};

// Memory-mapped; immutable; safe from many threads.
class HardPairTable {
 public:
  // Maps a table and checks its digests. Throws StoreError if a file is missing or damaged (digest,
  // shape, dtype, or an id that is neither below N nor kNoPair). Throws DataError naming both
  // fingerprints if `expected_fingerprint` is not empty and the table is of another corpus.
  static HardPairTable open(const std::filesystem::path& folder,
                            const std::string& expected_fingerprint = {});

  [[nodiscard]] const HardPairManifest& manifest() const { return manifest_; }
  // Returns the folder that the table was opened from.
  [[nodiscard]] std::filesystem::path folder() const { return indices_.path().parent_path(); }
  [[nodiscard]] std::uint64_t size() const { return manifest_.pairs; }
  [[nodiscard]] std::uint32_t k() const { return manifest_.hard_pairs_per_target; }
  // Returns the K hard pairs of a target, hardest first. Empty slots hold kNoPair. scores() returns
  // their scores in the same order.
  [[nodiscard]] std::span<const std::uint32_t> partners(SampleId target) const;
  [[nodiscard]] std::span<const float> scores(SampleId target) const;
  // Returns false for outliers, which are never seeds: targets whose row had an empty slot before
  // the optional filters and the caps (per_group, hub_cap). Only filters and caps leave empty slots
  // in the row of a suitable target.
  [[nodiscard]] bool suitable(SampleId target) const;

 private:
  HardPairManifest manifest_;
  NpyArray indices_, scores_, suitable_;
};

// Publishes a table as one folder (all or nothing). Call rows() for all targets in their order,
// then publish(). Without publish() the destructor removes what was written.
class HardPairTableWriter {
 public:
  // Makes a temporary folder beside `folder`. publish() fills in the digests of `manifest` and the
  // count `suitable`, which must be 0 here. Throws StoreError if the files cannot be made.
  HardPairTableWriter(const std::filesystem::path& folder, HardPairManifest manifest);
  ~HardPairTableWriter();
  HardPairTableWriter(const HardPairTableWriter&) = delete;
  HardPairTableWriter& operator=(const HardPairTableWriter&) = delete;
  // Appends rows: indices [n, K], scores [n, K], suitable [n] (1 or 0). Without `suitable`, a
  // target is suitable if its row has no empty slot. Throws StoreError if the sizes do not fit.
  void rows(std::span<const std::uint32_t> indices, std::span<const float> scores);
  void rows(std::span<const std::uint32_t> indices, std::span<const float> scores,
            std::span<const std::uint8_t> suitable);
  // Returns the complete manifest. Throws StoreError if the rows are not N or the folder exists.
  HardPairManifest publish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace helip::store
