#include "train/input/batch_schedule.h"

#include <utility>

namespace helip::train {

BatchSchedule::BatchSchedule(const config::TrainConfig& train, const config::RemineConfig& remine,
                             std::uint64_t run_seed,
                             std::unique_ptr<const store::HardPairTable> table, std::string digest,
                             std::vector<std::uint32_t> seeds)
    : train_(train), remine_(remine), run_seed_(run_seed) {
  TableTurn first;
  first.digest = std::move(digest);
  add(std::move(first), std::move(table), std::move(seeds));
}

void BatchSchedule::add(TableTurn turn, std::unique_ptr<const store::HardPairTable> table,
                        std::vector<std::uint32_t> seeds) {
  Segment segment;
  segment.sampler =
      std::make_unique<BatchSampler>(train_, run_seed_, std::move(seeds), table.get());
  segment.table = std::move(table);
  segments_.push_back(std::move(segment));
  turns_.push_back(std::move(turn));
}

std::uint64_t BatchSchedule::steps_per_epoch() const {
  return segments_.front().sampler->steps_per_epoch();
}

std::size_t BatchSchedule::segment_of(std::uint64_t step) const {
  std::size_t i = turns_.size() - 1;
  while (turns_[i].first_step > step) --i;
  return i;
}

BatchPlace BatchSchedule::place(std::uint64_t step) const {
  const std::size_t i = segment_of(step);
  const BatchSampler& sampler = *segments_[i].sampler;
  const std::uint64_t since = step - turns_[i].first_step;
  return {.epoch = turns_[i].first_epoch + since / sampler.steps_per_epoch(),
          .step_in_epoch = since % sampler.steps_per_epoch(),
          .sampler = &sampler};
}

double BatchSchedule::epochs_done(std::uint64_t steps) const {
  const BatchPlace next = place(steps);
  return static_cast<double>(next.epoch) + static_cast<double>(next.step_in_epoch) /
                                               static_cast<double>(next.sampler->steps_per_epoch());
}

std::optional<TableTurn> BatchSchedule::request_at(std::uint64_t step, std::uint64_t steps) const {
  const TableTurn& last = turns_.back();
  const bool free = step > last.requested && step >= last.first_step;
  if (step == 0 || !free) return std::nullopt;
  const BatchPlace here = place(step);
  const bool by_steps = remine_.every_steps > 0 && step % remine_.every_steps == 0;
  const bool by_epochs =
      remine_.every_epochs > 0 && here.step_in_epoch == 0 && here.epoch % remine_.every_epochs == 0;
  if (!by_steps && !by_epochs) return std::nullopt;

  TableTurn turn;
  turn.version = last.version + 1;
  turn.requested = step;
  const BatchPlace earliest = place(step + remine_.lag_steps);
  const bool begins = earliest.step_in_epoch == 0;
  turn.first_epoch = earliest.epoch + (begins ? 0 : 1);
  turn.first_step = step + remine_.lag_steps;
  if (!begins) turn.first_step += earliest.sampler->steps_per_epoch() - earliest.step_in_epoch;
  if (turn.first_step >= steps) return std::nullopt;
  return turn;
}

}  // namespace helip::train
