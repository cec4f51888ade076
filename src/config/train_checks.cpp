#include <cstdint>
#include <limits>

#include "config/section_checks.h"

namespace helip::config {
namespace {

void check_batch(const RunConfig& config, const TrainConfig& train, Checks& checks) {
  checks.one_of(train.hard_pairs, "train.hard_pairs", {"mined", "random", "none"});
  checks.that(train.seeds_per_batch >= 1, "train.seeds_per_batch", "at least 1",
              train.seeds_per_batch);
  checks.that(train.hard_pairs == "none" || train.hard_pairs_per_seed >= 1,
              "train.hard_pairs_per_seed", "at least 1 (or train.hard_pairs: none)",
              train.hard_pairs_per_seed);
  checks.that(
      train.hard_pairs != "mined" ||
          train.hard_pairs_per_seed <= config.mining.hard_pairs_per_target,
      "train.hard_pairs_per_seed",
      cat("at most mining.hard_pairs_per_target (", config.mining.hard_pairs_per_target, ")"),
      train.hard_pairs_per_seed);
  if (train.hard_pairs == "mined") {
    const std::uint64_t k = config.mining.hard_pairs_per_target;
    checks.that(train.range_max <= k, "train.range_max",
                cat("at most mining.hard_pairs_per_target (", k, ")"), train.range_max);
    const std::uint64_t end = train.range_max == 0 ? k : train.range_max;
    checks.that(std::uint64_t{train.range_min} + train.hard_pairs_per_seed <= end,
                "train.range_min",
                cat("train.hard_pairs_per_seed (", train.hard_pairs_per_seed,
                    ") ranks or more from here to ", end),
                train.range_min);
  }
  checks.one_of(train.sampling_strategy, "train.sampling_strategy", {"random", "top"});
  constexpr std::uint64_t kMaxBatch = std::numeric_limits<std::int32_t>::max();
  checks.that(global_batch_size(train) <= kMaxBatch, "train.seeds_per_batch",
              cat("a batch of at most ", kMaxBatch, " pairs"), global_batch_size(train));
}

void check_optimizer(const TrainConfig& train, Checks& checks) {
  checks.that(not_negative(train.epochs), "train.epochs", "a number above 0", train.epochs);
  if (train.epochs > 0 && train.steps > 0) {
    checks.fail("train.epochs",
                {.what = "both train.epochs and train.steps are given", .expected = "one of them"});
  }
  if (!(train.epochs > 0) && train.steps == 0) {
    checks.fail("train.epochs", {.what = "neither train.epochs nor train.steps is given",
                                 .expected = "one of them"});
  }
  checks.that(positive(train.lr), "train.lr", "a number above 0", train.lr);
  checks.that(in_range(train.lr_end_fraction, 0, 1), "train.lr_end_fraction", "0 to 1",
              train.lr_end_fraction);
  checks.that(train.steps == 0 || train.warmup <= train.steps, "train.warmup",
              cat("at most train.steps (", train.steps, ")"), train.warmup);
  checks.that(train.beta1 >= 0 && train.beta1 < 1, "train.beta1", "0 or more, below 1",
              train.beta1);
  checks.that(train.beta2 >= 0 && train.beta2 < 1, "train.beta2", "0 or more, below 1",
              train.beta2);
  checks.that(positive(train.eps), "train.eps", "a number above 0", train.eps);
  checks.that(not_negative(train.wd), "train.wd", "0 or more", train.wd);
  checks.that(not_negative(train.grad_clip_norm), "train.grad_clip_norm", "0 or more",
              train.grad_clip_norm);
}

void check_model_use(const RunConfig& config, const TrainConfig& train, Checks& checks) {
  checks.one_of(train.precision, "train.precision", {"fp32", "amp_bf16", "amp"});
  if (train.precision == "amp" && config.launcher.device == "cpu") {
    checks.fail("train.precision", {.what = "amp (float16) needs a GPU",
                                    .expected = "fp32 or amp_bf16 with launcher.device: cpu",
                                    .found = train.precision});
  }
  checks.that(train.accum_freq >= 1, "train.accum_freq", "at least 1", train.accum_freq);
  checks.that(train.lock_image || train.lock_image_unlocked_groups == 0,
              "train.lock_image_unlocked_groups", "0 without train.lock_image",
              train.lock_image_unlocked_groups);
  checks.that(train.lock_text || train.lock_text_unlocked_layers == 0,
              "train.lock_text_unlocked_layers", "0 without train.lock_text",
              train.lock_text_unlocked_layers);
  checks.that(train.layer_decay > 0 && train.layer_decay <= 1, "train.layer_decay",
              "above 0, at most 1", train.layer_decay);
}

void check_schedule(const TrainConfig& train, Checks& checks) {
  checks.one_of(train.lr_scheduler, "train.lr_scheduler", {"cosine", "const", "const-cooldown"});
  checks.that(train.lr_scheduler == "const-cooldown" ? positive(train.epochs_cooldown)
                                                     : train.epochs_cooldown == 0,
              "train.epochs_cooldown", "above 0 with lr_scheduler const-cooldown, else 0",
              train.epochs_cooldown);
  checks.that(not_negative(train.lr_cooldown_end), "train.lr_cooldown_end", "0 or more",
              train.lr_cooldown_end);
  checks.that(positive(train.lr_cooldown_power), "train.lr_cooldown_power", "above 0",
              train.lr_cooldown_power);
  checks.that(in_range(train.wise_ft, 0, 1), "train.wise_ft", "0 to 1", train.wise_ft);
  checks.that(train.steps == 0 || train.warmup + train.optimizer_warmup <= train.steps,
              "train.optimizer_warmup",
              cat("with train.warmup at most train.steps (", train.steps, ")"),
              train.optimizer_warmup);
}

void check_upkeep(const TrainConfig& train, Checks& checks) {
  checks.that(train.repeats >= 1, "train.repeats", "at least 1", train.repeats);
  checks.that(train.checkpoint_steps >= 1, "train.checkpoint_steps", "at least 1",
              train.checkpoint_steps);
  checks.that(train.keep_checkpoints >= 1, "train.keep_checkpoints", "at least 1",
              train.keep_checkpoints);
  checks.that(
      train.checkpoint_steps == 0 || train.keep_checkpoint_every % train.checkpoint_steps == 0,
      "train.keep_checkpoint_every",
      cat("a multiple of train.checkpoint_steps (", train.checkpoint_steps, ")"),
      train.keep_checkpoint_every);
  checks.that(train.log_steps >= 1, "train.log_steps", "at least 1", train.log_steps);
  checks.that(train.crop_scale > 0 && train.crop_scale <= 1, "train.crop_scale",
              "above 0, at most 1", train.crop_scale);
  checks.that(train.word_dropout >= 0 && train.word_dropout < 1, "train.word_dropout",
              "0 or more, below 1", train.word_dropout);
  checks.that(in_range(train.loader_threads, 1, 256), "train.loader_threads", "1 to 256",
              train.loader_threads);
  checks.that(positive(train.collective_timeout_seconds), "train.collective_timeout_seconds",
              "a number above 0", train.collective_timeout_seconds);
}

}  // namespace

void check(const RunConfig& config, const TrainConfig& train, Checks& checks) {
  check_batch(config, train, checks);
  check_optimizer(train, checks);
  check_model_use(config, train, checks);
  check_schedule(train, checks);
  check_upkeep(train, checks);
}

}  // namespace helip::config
