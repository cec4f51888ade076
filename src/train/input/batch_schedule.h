// Which batch a step has: epochs over hard-pair tables that follow each other. A pure function of
// the configuration and the tables. Torch-free.
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

// A step's place.
struct BatchPlace {
  std::uint64_t epoch = 0;
  std::uint64_t step_in_epoch = 0;
  const BatchSampler* sampler = nullptr;
};

class BatchSchedule {
 public:
  // `seeds`: see BatchSampler. The first table, null without one, is active from step 0 on.
  BatchSchedule(const config::TrainConfig& train, const config::RemineConfig& remine,
                std::uint64_t run_seed, std::unique_ptr<const store::HardPairTable> table,
                std::string digest, std::vector<std::uint32_t> seeds);

  // Returns the steps of an epoch with the first table. The configuration's epochs and cooldown are
  // counted in these, whatever the number of seeds of later tables.
  [[nodiscard]] std::uint64_t steps_per_epoch() const;
  [[nodiscard]] BatchPlace place(std::uint64_t step) const;
  // Passes over the seeds that are done after `steps` steps.
  [[nodiscard]] double epochs_done(std::uint64_t steps) const;
  [[nodiscard]] const std::vector<TableVersion>& versions() const { return versions_; }

  // Returns the table to ask for at `step`, or nothing. One is due where step > 0 is a multiple of
  // remine's interval, the last table is active, and the new one would be drawn from before step
  // `steps`.
  [[nodiscard]] std::optional<TableVersion> request_at(std::uint64_t step,
                                                       std::uint64_t steps) const;
  // Adds the next version, as request_at gave it.
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
