// The keys of train, remine, scores, early_stop, loss and slip: fine-tuning with hard pairs.
#pragma once

#include <tuple>

#include "config/fields/field.h"
#include "config/fields/text_rules.h"
#include "config/run_config.h"

namespace helip::config {

template <>
struct Fields<TrainConfig> {
  using S = TrainConfig;
  static constexpr auto kAll = std::tuple{
      field("hard_pairs", &S::hard_pairs, kAny,
            "Partners of a seed: its mined hard pairs (mined), random pairs (random), or none: all "
            "pairs of the batch are seeds, which is the control."),
      field("seeds_per_batch", &S::seeds_per_batch,
            from(1).also("a batch of at most 2147483647 pairs"), "Seeds S of a global batch."),
      field("hard_pairs_per_seed", &S::hard_pairs_per_seed,
            kAny.also("at least 1 unless hard_pairs is none; at most "
                      "mining.hard_pairs_per_target with mined"),
            "Hard pairs p of a seed. The global batch has M = S(1+p) pairs, with hard_pairs: none "
            "as well."),
      field(
          "range_min", &S::range_min, kAny.also("at least hard_pairs_per_seed below range_max"),
          "Partners are drawn from rank range_min of a mined row on. Ranks count from 0, so it is "
          "also the number of hardest pairs that are left out."),
      field("range_max", &S::range_max,
            kAny.also("at most mining.hard_pairs_per_target with mined"),
            "Partners are drawn from ranks below range_max. 0: to the end of the row."),
      field("sampling_strategy", &S::sampling_strategy, kAny,
            "How partners are drawn from a row: random without replacement, as in the paper, or "
            "the first of the range (top)."),
      field("epochs", &S::epochs,
            from(0).in_words("a number above 0").also("one of epochs, steps and pairs is given"),
            "Epochs. One has as many steps as all usable pairs take as seeds, N/S rounded up, for "
            "each hard_pairs: with none the same steps pass 1+p times over the corpus."),
      field("steps", &S::steps, kAny.also("one of epochs, steps and pairs is given"),
            "Optimizer steps."),
      field("pairs", &S::pairs, kAny.also("one of epochs, steps and pairs is given"),
            "Pairs that pass through the towers, M a step, rounded up to whole steps."),
      field("lr", &S::lr, above(0), "Peak learning rate."),
      field("lr_scheduler", &S::lr_scheduler, kAny,
            "How the learning rate changes after the warm-up: cosine, const or const-cooldown."),
      field("lr_end_fraction", &S::lr_end_fraction, from(0).up_to(1),
            "The cosine ends at lr times this."),
      field("epochs_cooldown", &S::epochs_cooldown,
            kAny.also("above 0 with lr_scheduler const-cooldown, else 0"),
            "Passes over the seeds, the last ones, in which const-cooldown lowers the learning "
            "rate."),
      field("lr_cooldown_end", &S::lr_cooldown_end, from(0),
            "Learning rate at the end of the cooldown."),
      field("lr_cooldown_power", &S::lr_cooldown_power, above(0),
            "Power of the polynomial by which the cooldown lowers the learning rate."),
      field("warmup", &S::warmup, kAny.also("at most the steps of training"),
            "Steps of a linear warm-up."),
      field("optimizer_warmup", &S::optimizer_warmup,
            kAny.also("together with warmup at most the steps of training"),
            "Steps before the warm-up in which only the optimizer's moments change, so that a "
            "checkpoint without moments meets no step of a cold optimizer."),
      field("wise_ft", &S::wise_ft, from(0).up_to(1),
            "Share of the tuned weights in the result; the rest are the initial ones (WiSE-FT, "
            "arXiv 2109.01903). 1: off."),
      field("beta1", &S::beta1, from(0).below(1), "AdamW's beta1. OpenCLIP has 0.9 for ViT."),
      field("beta2", &S::beta2, from(0).below(1), "AdamW's beta2. OpenCLIP has 0.98 for ViT."),
      field("eps", &S::eps, above(0), "AdamW's eps. OpenCLIP has 1e-6 for ViT."),
      field("wd", &S::wd, from(0),
            "Weight decay. One-dimensional parameters and logit_scale do not decay."),
      field("grad_clip_norm", &S::grad_clip_norm, from(0),
            "Largest norm of the gradient. 0: no clipping."),
      field("precision", &S::precision, kAny.also("no amp with launcher.device: cpu"),
            "What a step computes in: float32 (fp32), products in bfloat16 (amp_bf16), or products "
            "in float16 with a scaled loss, on a GPU (amp)."),
      field("accum_freq", &S::accum_freq, from(1),
            "Parts in which a rank's rows pass through the towers, with the gradient of the whole "
            "batch."),
      field(
          "grad_checkpointing", &S::grad_checkpointing, kAny,
          "Keeps the inputs of transformer blocks alone and computes the rest again in backward."),
      field("lock_image", &S::lock_image, kAny,
            "Keeps the image tower as it is, except its last layer groups (blocks, projection)."),
      field("lock_image_unlocked_groups", &S::lock_image_unlocked_groups,
            kAny.also("0 without lock_image"),
            "Layer groups of a locked image tower that are trained, counted from the last."),
      field("lock_text", &S::lock_text, kAny,
            "Keeps the text tower as it is, except its last layer groups."),
      field("lock_text_unlocked_layers", &S::lock_text_unlocked_layers,
            kAny.also("0 without lock_text"),
            "Layer groups of a locked text tower that are trained, counted from the last."),
      field("layer_decay", &S::layer_decay, above(0).up_to(1),
            "Factor on the learning rate of a layer group for each group behind it. 1: all groups "
            "have the same rate."),
      field("seed", &S::seed, kAny, "Seed of the order of pairs, draws, augmentation and dropout."),
      field("repeats", &S::repeats, from(1),
            "Trainings, with seeds seed, seed+1, …. Results are mean and std over them."),
      operation("checkpoint_steps", &S::checkpoint_steps, from(1), "Steps between checkpoints."),
      operation("keep_checkpoints", &S::keep_checkpoints, from(1),
                "Complete checkpoints that stay, the newest ones."),
      operation("keep_checkpoint_every", &S::keep_checkpoint_every,
                kAny.also("a multiple of train.checkpoint_steps"),
                "Checkpoints of steps that are multiples of this stay for ever. 0: none."),
      operation("log_steps", &S::log_steps, from(1), "Steps between lines of metrics.jsonl."),
      operation("time_layers_every", &S::time_layers_every, kAny,
                "Rank 0 times each step whose number is a multiple of this layer by layer, for "
                "layer_times.jsonl. On a GPU a timed step takes longer. 0: never."),
      field("augment", &S::augment, kAny,
            "RandomResizedCrop(crop_scale–1.0) on pixels, as in OpenCLIP. Cached features are not "
            "augmented."),
      field("crop_scale", &S::crop_scale, above(0).up_to(1),
            "Smallest share of the image's area that a random crop has (OpenCLIP 0.9, SLIP 0.5)."),
      field("decode_scaled", &S::decode_scaled, kAny,
            "Decodes augmented JPEGs at 1/2, 1/4 or 1/8 where that leaves the crop as many pixels "
            "as the model sees. The pixels are close to OpenCLIP's, not the same, and come faster. "
            "Evaluation and embeddings always decode in full."),
      field("word_dropout", &S::word_dropout, from(0).below(1),
            "Probability that a caption's word is left out while training from text."),
      operation("loader_threads", &S::loader_threads, from(1).up_to(256),
                "Decoding threads of a rank."),
      operation("fingerprint_steps", &S::fingerprint_steps, kAny,
                "Steps between comparisons of the ranks' digests of their weights. Ranks that have "
                "drifted apart end the job. 0: never."),
      operation(
          "shard_optimizer", &S::shard_optimizer, kAny,
          "Each rank keeps AdamW's moments of its share of the parameters alone and sends the "
          "others what it updates (ZeRO stage 1): 8 bytes a parameter × (1 - 1/ranks) less on "
          "a rank, with the same bits. Each checkpoint waits until rank 0's CPU memory has "
          "all moments."),
      operation("collective_timeout_seconds", &S::collective_timeout_seconds, above(0),
                "Seconds after which a collective ends the process."),
  };
};

template <>
struct Fields<RemineConfig> {
  using S = RemineConfig;
  static constexpr auto kAll = std::tuple{
      field(
          "every_steps", &S::every_steps, kAny.also("0 with every_epochs"),
          "A table is requested at each step that is a multiple of this. No request is made while "
          "a table waits for its turn. 0: not by steps."),
      field("every_epochs", &S::every_epochs, kAny.also("0 with every_steps"),
            "Passes over the seeds between requests, which are made at the beginning of a pass. 0: "
            "not "
            "by passes."),
      field("lag_steps", &S::lag_steps,
            kAny.also("0 without every_steps or every_epochs; above 0 with workers"),
            "A table mined with the weights of step r is drawn from since the first epoch that "
            "begins at step r + lag_steps or later."),
      operation("workers", &S::workers,
                kAny.also("fewer than launcher.workers; 0 without every_steps or every_epochs"),
                "The number of launcher.workers that mine and do not train. The others train "
                "meanwhile, and wait if the table is not ready in time. 0: the training's ranks "
                "pause and mine."),
  };
};

template <>
struct Fields<ScoresDataset> {
  using S = ScoresDataset;
  static constexpr auto kAll = std::tuple{
      field("name", &S::name, kSafeName.also("each name once"), "Name of the data set in scores."),
      field("path", &S::path, required("a folder in clip_benchmark layout"),
            "Folder of the data set, in clip_benchmark's layout.", PathRule::kPath),
      field("tasks", &S::tasks, kAny.also("zero_shot, retrieval or both, each once"),
            "What is scored."),
      field("split", &S::split, kSafeName,
            "Folder of the split that is scored. It must not be the one that results are reported "
            "on."),
  };
};

template <>
struct Fields<ScoresConfig> {
  using S = ScoresConfig;
  static constexpr auto kAll = std::tuple{
      field("datasets", &S::datasets, kAny,
            "Held-out data sets, each with the keys that follow. Empty: nothing is scored."),
      field("every_steps", &S::every_steps,
            kAny.also("0 with every_epochs; one of the two is given with datasets"),
            "Steps between scores. Rank 0 makes them from a checkpoint while the others wait."),
      field("every_epochs", &S::every_epochs,
            kAny.also("0 with every_steps; one of the two is given with datasets"),
            "Epochs between scores (OpenCLIP: --val-frequency, --zeroshot-frequency)."),
  };
};

template <>
struct Fields<EarlyStopConfig> {
  using S = EarlyStopConfig;
  static constexpr auto kAll = std::tuple{
      field("metric", &S::metric,
            kAny.also("DATASET/METRIC of scores.datasets: acc1, acc5 or mean_per_class_recall with "
                      "zero_shot; mean_recall@K, image_retrieval_recall@K or "
                      "text_retrieval_recall@K with retrieval, K being 1, 5 or 10"),
            "The score whose fall ends training. mean_recall is the mean of both directions. "
            "Empty: training runs to its end."),
      field("tolerance", &S::tolerance, from(0).below(1),
            "A score that lies below the best one by more than this is a fall (0 to 1)."),
      field("patience", &S::patience, from(1), "Falls in a row that end training."),
  };
};

template <>
struct Fields<LossConfig> {
  using S = LossConfig;
  static constexpr auto kAll = std::tuple{
      field("margin_weight", &S::margin_weight, from(0),
            "Weight of the hard negative margin loss, the paper's gamma. 0 turns it off."),
      field("margin_scale", &S::margin_scale, above(0),
            "Factor on the cosines inside the margin loss."),
      field(
          "margin_detach", &S::margin_detach, kAny,
          "With true no gradient passes through the bar, the lowest similarity of the hard pairs."),
      field("margin_direction", &S::margin_direction, kAny,
            "Direction of the margin loss: from image to text, as in the paper (image), or both."),
      field("mask_duplicates", &S::mask_duplicates, kAny,
            "Rows of one duplicate group are not negatives of each other."),
  };
};

template <>
struct Fields<SlipConfig> {
  using S = SlipConfig;
  static constexpr auto kAll = std::tuple{
      field(
          "ssl_weight", &S::ssl_weight, from(0).in_words("0 (off) or more"),
          "Weight of the self-supervised term (SLIP: 1). 0 turns it off and leaves the head as it "
          "is."),
      field("ssl_temperature", &S::ssl_temperature, above(0),
            "Temperature of the term's softmax (SLIP: 0.1)."),
      field("ssl_on", &S::ssl_on, kAny,
            "Images whose views are compared: the seeds, or all images of the batch (SLIP: all)."),
  };
};

}  // namespace helip::config
