#include <cstdint>
#include <limits>

#include "config/budget.h"
#include "config/checks/section_checks.h"

namespace helip::config {
namespace {

void check_batch(const RunConfig& config, const TrainConfig& train, Checks& checks) {
  checks.that(train.hard_pairs == HardPairs::kNone || train.hard_pairs_per_seed >= 1,
              "train.hard_pairs_per_seed", "at least 1 (or train.hard_pairs: none)",
              train.hard_pairs_per_seed);
  if (train.hard_pairs == HardPairs::kMined) {
    const std::uint64_t k = config.mining.hard_pairs_per_target;
    const std::string at_most_k = cat("at most mining.hard_pairs_per_target (", k, ")");
    checks.that(train.hard_pairs_per_seed <= k, "train.hard_pairs_per_seed", at_most_k,
                train.hard_pairs_per_seed);
    checks.that(train.range_max <= k, "train.range_max", at_most_k, train.range_max);
    const std::uint64_t end = train.range_max == 0 ? k : train.range_max;
    checks.that(std::uint64_t{train.range_min} + train.hard_pairs_per_seed <= end,
                "train.range_min",
                cat("train.hard_pairs_per_seed (", train.hard_pairs_per_seed,
                    ") ranks or more from here to ", end),
                train.range_min);
  }
  constexpr std::uint64_t kMaxBatch = std::numeric_limits<std::int32_t>::max();
  checks.that(global_batch_size(train) <= kMaxBatch, "train.seeds_per_batch",
              cat("a batch of at most ", kMaxBatch, " pairs"), global_batch_size(train));
}

void check_length(const TrainConfig& train, Checks& checks) {
  const int given = int{train.epochs > 0} + int{train.steps > 0} + int{train.pairs > 0};
  if (given != 1) {
    checks.fail("train.epochs", {.what = "the length of training is not given in one way",
                                 .expected = "one of train.epochs, train.steps and train.pairs",
                                 .found = given == 0 ? "none" : cat(given, " of them")});
  }
  // Steps of epochs are known when the corpus is.
  if (given == 1 && !(train.epochs > 0)) {
    const std::uint64_t steps = total_steps(train, 0);
    const std::string bound =
        cat("at most the steps of training (", steps, train.pairs > 0 ? ", train.pairs / M)" : ")");
    checks.that(train.warmup <= steps, "train.warmup", bound, train.warmup);
    checks.that(train.warmup <= steps && train.optimizer_warmup <= steps - train.warmup,
                "train.optimizer_warmup", cat("with train.warmup ", bound), train.optimizer_warmup);
  }
  const bool cools = train.lr_scheduler == LrScheduler::kConstCooldown;
  checks.that(cools ? train.epochs_cooldown > 0 : train.epochs_cooldown == 0,
              "train.epochs_cooldown", "above 0 with lr_scheduler const-cooldown, else 0",
              train.epochs_cooldown);
}

void check_model_use(const RunConfig& config, const TrainConfig& train, Checks& checks) {
  if (train.precision == PrecisionMode::kAmp && config.launcher.device == DeviceChoice::kCpu) {
    checks.fail("train.precision", {.what = "amp (float16) needs a GPU",
                                    .expected = "fp32 or amp_bf16 with launcher.device: cpu",
                                    .found = cat(train.precision)});
  }
  checks.that(train.lock_image || train.lock_image_unlocked_groups == 0,
              "train.lock_image_unlocked_groups", "0 without train.lock_image",
              train.lock_image_unlocked_groups);
  checks.that(train.lock_text || train.lock_text_unlocked_layers == 0,
              "train.lock_text_unlocked_layers", "0 without train.lock_text",
              train.lock_text_unlocked_layers);
}

}  // namespace

void check(const RunConfig& config, const TrainConfig& train, Checks& checks) {
  check_batch(config, train, checks);
  check_length(train, checks);
  check_model_use(config, train, checks);
  checks.that(
      train.checkpoint_steps == 0 || train.keep_checkpoint_every % train.checkpoint_steps == 0,
      "train.keep_checkpoint_every",
      cat("a multiple of train.checkpoint_steps (", train.checkpoint_steps, ")"),
      train.keep_checkpoint_every);
}

}  // namespace helip::config
