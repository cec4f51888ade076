#include "train/input/batch_schedule.h"

#include <utility>

namespace helip::train {

BatchSchedule::BatchSchedule(const config::TrainConfig& train, const config::RemineConfig& remine,
                             std::uint64_t run_seed,
                             std::unique_ptr<const store::HardPairTable> table, std::string digest,
                             std::vector<std::uint32_t> seeds)
    : train_(train), remine_(remine), run_seed_(run_seed) {
  TableVersion first;
  first.digest = std::move(digest);
  add(std::move(first), std::move(table), std::move(seeds));
}

void BatchSchedule::add(TableVersion version, std::unique_ptr<const store::HardPairTable> table,
                        std::vector<std::uint32_t> seeds) {
  Segment segment;
  segment.sampler =
      std::make_unique<BatchSampler>(train_, run_seed_, std::move(seeds), table.get());
  segment.table = std::move(table);
  segments_.push_back(std::move(segment));
  versions_.push_back(std::move(version));
}

std::size_t BatchSchedule::segment_of(std::uint64_t step) const {
  std::size_t i = versions_.size() - 1;
  while (versions_[i].first_step > step) --i;
  return i;
}

BatchPlace BatchSchedule::place(std::uint64_t step) const {
  const std::size_t i = segment_of(step);
  const BatchSampler& sampler = *segments_[i].sampler;
  const std::uint64_t since = step - versions_[i].first_step;
  return {.pass = versions_[i].first_pass + since / sampler.steps_per_pass(),
          .step_in_pass = since % sampler.steps_per_pass(),
          .sampler = &sampler};
}

std::optional<TableVersion> BatchSchedule::request_at(std::uint64_t step,
                                                      std::uint64_t steps) const {
  const TableVersion& last = versions_.back();
  const bool free = step > last.requested && step >= last.first_step;
  if (step == 0 || !free) return std::nullopt;
  const BatchPlace here = place(step);
  const bool by_steps = remine_.every_steps > 0 && step % remine_.every_steps == 0;
  const bool by_epochs =
      remine_.every_epochs > 0 && here.step_in_pass == 0 && here.pass % remine_.every_epochs == 0;
  if (!by_steps && !by_epochs) return std::nullopt;

  TableVersion version;
  version.number = last.number + 1;
  version.requested = step;
  const BatchPlace earliest = place(step + remine_.lag_steps);
  const bool begins = earliest.step_in_pass == 0;
  version.first_pass = earliest.pass + (begins ? 0 : 1);
  version.first_step = step + remine_.lag_steps;
  if (!begins) version.first_step += earliest.sampler->steps_per_pass() - earliest.step_in_pass;
  if (version.first_step >= steps) return std::nullopt;
  return version;
}

}  // namespace helip::train
