// Which batch a step has: the epochs of one hard-pair table after the other. A pure function of the
// configuration and the tables. Torch-free.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "store/hard_pair_table.h"
#include "train/checkpoint/checkpoint.h"
#include "train/input/batch_sampler.h"

namespace helip::train {

// A step's place. The schedule owns the sampler.
struct BatchPlace {
  std::uint64_t pass = 0;  // over the seeds, from 0 on; keys random draws
  std::uint64_t step_in_pass = 0;
  const BatchSampler* sampler = nullptr;
};

class BatchSchedule {
 public:
  // Starts with one table, active from step 0 on; null without hard pairs mined. `digest`:
  // digest_of (active_table.h). `seeds`: see BatchSampler. Throws what BatchSampler's constructor
  // throws.
  BatchSchedule(const config::TrainConfig& train, const config::RemineConfig& remine,
                std::uint64_t run_seed, std::unique_ptr<const store::HardPairTable> table,
                std::string digest, std::vector<std::uint32_t> seeds);

  // Returns the place of `step`, counted from 0.
  [[nodiscard]] BatchPlace place(std::uint64_t step) const;
  [[nodiscard]] const std::vector<TableVersion>& versions() const { return versions_; }

  // Returns the table to request at `step`, or nothing. A table is due if step > 0 is a multiple of
  // remine.every_steps or begins a pass that is a multiple of remine.every_epochs, if the last
  // table is active, and if the new one would be drawn from before step `steps`.
  [[nodiscard]] std::optional<TableVersion> request_at(std::uint64_t step,
                                                       std::uint64_t steps) const;
  // Adds the next table; `version` is from request_at, with its digest. Throws what BatchSampler's
  // constructor throws.
  void add(TableVersion version, std::unique_ptr<const store::HardPairTable> table,
           std::vector<std::uint32_t> seeds);

 private:
  struct Segment {
    std::unique_ptr<const store::HardPairTable> table;
    std::unique_ptr<const BatchSampler> sampler;
  };
  // Returns the index of the active table.
  [[nodiscard]] std::size_t segment_of(std::uint64_t step) const;

  const config::TrainConfig train_;
  const config::RemineConfig remine_;
  const std::uint64_t run_seed_;
  std::vector<TableVersion> versions_;
  std::vector<Segment> segments_;
};

}  // namespace helip::train
