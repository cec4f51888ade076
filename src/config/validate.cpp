#include "config/validate.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "common/text.h"

namespace helip::config {
namespace {

// A value in a message.
std::string shown(const std::string& value) {
  constexpr std::size_t kMostBytes = 80;
  return value.empty() ? "nothing" : shortened(with_short_numbers(value), kMostBytes);
}

// Keeps the first check that fails.
class Checks {
 public:
  template <typename Found>
  void that(bool holds, std::string_view key, std::string_view expected, const Found& found) {
    if (holds) return;
    fail(key, {.what = "value not allowed",
               .expected = std::string(expected),
               .found = shown(cat(found))});
  }

  void text_is_given(const std::string& value, std::string_view key, std::string_view expected) {
    if (value.empty()) {
      fail(key, {.what = "value missing", .expected = std::string(expected)});
    }
  }

  void one_of(const std::string& value, std::string_view key,
              std::initializer_list<std::string_view> allowed) {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
    std::string expected;
    for (const std::string_view name : allowed) {
      expected += (expected.empty() ? "" : ", ") + std::string(name);
    }
    fail(key,
         {.what = "value not allowed", .expected = "one of " + expected, .found = shown(value)});
  }

  // A name that is safe as a file or folder name.
  void name(const std::string& value, std::string_view key) {
    const bool safe = !value.empty() && value.front() != '.' &&
                      std::all_of(value.begin(), value.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                      });
    that(safe, key, "letters, digits, '-', '_' and '.', not starting with '.'", "'" + value + "'");
  }

  void fail(std::string_view key, Problem problem) {
    if (!violation_) violation_ = Violation{std::string(key), std::move(problem)};
  }

  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

 private:
  std::optional<Violation> violation_;
};

bool in_range(double value, double low, double high) { return value >= low && value <= high; }
bool positive(double value) { return std::isfinite(value) && value > 0; }
bool not_negative(double value) { return std::isfinite(value) && value >= 0; }

// A decoded image of so many pixels takes 3 GB.
constexpr std::uint64_t kMostPixels = 1'000'000'000;
constexpr std::uint64_t kMostImageBytes = 1ULL << 30;

void check(const CorpusConfig& corpus, Checks& checks) {
  checks.text_is_given(corpus.path, "corpus.path", "a corpus folder, tars, a CSV or TSV file");
  checks.text_is_given(corpus.caption_key, "corpus.caption_key", "a field name");
  checks.that(csv_separator_of(corpus.csv_separator).has_value(), "corpus.csv_separator",
              "one character, tab, or auto", "'" + corpus.csv_separator + "'");
  checks.text_is_given(corpus.csv_img_key, "corpus.csv_img_key", "a column of the table");
  checks.text_is_given(corpus.csv_caption_key, "corpus.csv_caption_key", "a column of the table");
  checks.that(in_range(corpus.max_quarantined, 0, 1), "corpus.max_quarantined", "0 to 1",
              corpus.max_quarantined);
  checks.that(corpus.max_pixels >= 1 && corpus.max_pixels <= kMostPixels, "corpus.max_pixels",
              cat("1 to ", kMostPixels), corpus.max_pixels);
  checks.that(corpus.max_image_bytes >= 1 && corpus.max_image_bytes <= kMostImageBytes,
              "corpus.max_image_bytes", cat("1 to ", kMostImageBytes), corpus.max_image_bytes);
}

// `section`: "model" or "encoder.model".
void check(const ModelConfig& model, const std::string& section, Checks& checks) {
  checks.text_is_given(model.architecture, section + ".architecture",
                       "a model name, a model JSON or a folder with helip_model.json");
  checks.text_is_given(model.init, section + ".init", "random or a path");
  if (!model.name.empty()) checks.name(model.name, section + ".name");
}

void check_source(const EncoderConfig& encoder, Checks& checks) {
  checks.one_of(encoder.source, "encoder.source", {"model", "towers", "npy"});
  const bool ready = encoder.source == "npy";
  for (const auto& [key, path] : {std::pair("encoder.image_embeddings", encoder.image_embeddings),
                                  std::pair("encoder.text_embeddings", encoder.text_embeddings)}) {
    if (ready) checks.text_is_given(path, key, "embeddings (.npy), as encoder.source is npy");
    checks.that(ready || path.empty(), key, "nothing, unless encoder.source is npy", path);
  }
  if (!encoder.model) return;
  checks.that(!ready, "encoder.model", "nothing, as encoder.source is npy",
              encoder.model->architecture);
  check(*encoder.model, "encoder.model", checks);
  checks.that(encoder.model->init != "random" || encoder.source == "towers", "encoder.model.init",
              "a path: trained weights", encoder.model->init);
}

void check(const EncoderConfig& encoder, Checks& checks) {
  check_source(encoder, checks);
  checks.that(in_range(encoder.batch_size, 1, 65536), "encoder.batch_size", "1 to 65536",
              encoder.batch_size);
  checks.that(encoder.task_samples >= 1 && encoder.batch_size >= 1 &&
                  encoder.task_samples % std::max(1U, encoder.batch_size) == 0,
              "encoder.task_samples",
              cat("a multiple of encoder.batch_size (", encoder.batch_size, ")"),
              encoder.task_samples);
}

void check(const MiningConfig& mining, Checks& checks) {
  constexpr std::uint64_t kMaxPairs = std::numeric_limits<std::uint32_t>::max() - 1ULL;
  checks.one_of(mining.method, "mining.method", {"exact", "fast", "index"});
  checks.that(in_range(mining.hard_pairs_per_target, 1, 65536), "mining.hard_pairs_per_target",
              "1 to 65536", mining.hard_pairs_per_target);
  checks.that(mining.pool_size >= 2 && mining.pool_size <= kMaxPairs, "mining.pool_size",
              cat("2 to ", kMaxPairs), mining.pool_size);
  checks.that(mining.method != "fast" || mining.hard_pairs_per_target < mining.pool_size,
              "mining.hard_pairs_per_target",
              cat("at most mining.pool_size - 1 (", mining.pool_size - 1, ")"),
              mining.hard_pairs_per_target);
  checks.that(mining.pool_refresh_targets >= 1, "mining.pool_refresh_targets", "at least 1",
              mining.pool_refresh_targets);
  checks.that(mining.duplicate_ceiling > 0 && mining.duplicate_ceiling <= 2,
              "mining.duplicate_ceiling", "above 0, at most 2 (above 1 turns it off)",
              mining.duplicate_ceiling);
  const std::string floor_range =
      cat("0 or more, below mining.duplicate_ceiling (", mining.duplicate_ceiling, ") and 1");
  const auto floor_fits = [&](double floor) {
    return floor >= 0 && floor < mining.duplicate_ceiling && floor < 1;
  };
  checks.that(floor_fits(mining.image_floor), "mining.image_floor", floor_range,
              mining.image_floor);
  checks.that(floor_fits(mining.text_floor), "mining.text_floor", floor_range, mining.text_floor);
  checks.one_of(mining.index, "mining.index", {"auto", "lists", "short"});
  checks.that(mining.index != "short" || mining.index_lists == 0, "mining.index_lists",
              "0 with mining.index: short", mining.index_lists);
  checks.that(mining.index != "short" || mining.index_probes == 0, "mining.index_probes",
              "0 with mining.index: short", mining.index_probes);
  checks.that(mining.index_recall > 0 && mining.index_recall < 1, "mining.index_recall",
              "above 0, below 1", mining.index_recall);
  checks.one_of(mining.metric, "mining.metric", {"product", "image", "text"});
  checks.that(in_range(mining.min_score, 0, 1), "mining.min_score", "0 (all) to 1",
              mining.min_score);
  checks.that(in_range(mining.max_score, mining.min_score, 1) && mining.max_score > 0,
              "mining.max_score",
              cat("above 0, at least mining.min_score (", mining.min_score, "), at most 1 (all)"),
              mining.max_score);
  if (mining.absolute_margin) {
    checks.that(in_range(*mining.absolute_margin, 0, 2), "mining.absolute_margin",
                "0 to 2, or null", *mining.absolute_margin);
  }
  if (mining.relative_margin) {
    checks.that(in_range(*mining.relative_margin, 0, 1), "mining.relative_margin",
                "0 to 1, or null", *mining.relative_margin);
  }
  checks.that(mining.task_targets >= 1, "mining.task_targets", "at least 1", mining.task_targets);
  checks.that(mining.task_seconds >= 0 && mining.task_seconds <= 86400, "mining.task_seconds",
              "0 (tasks are not enlarged) to 86400", mining.task_seconds);
  checks.one_of(mining.instruction_set, "mining.instruction_set",
                {"auto", "amx", "avx512vnni", "avx2", "portable"});
}

void check(const RunConfig& config, const TrainConfig& train, Checks& checks) {
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

void check(const RunConfig& config, const RemineConfig& remine, Checks& checks) {
  const bool on = remine.every_steps > 0 || remine.every_epochs > 0;
  if (remine.every_steps > 0 && remine.every_epochs > 0) {
    checks.fail("remine.every_epochs",
                {.what = "both remine.every_steps and remine.every_epochs are given",
                 .expected = "one of them"});
  }
  checks.that(on || remine.lag_steps == 0, "remine.lag_steps",
              "0 without remine.every_steps or remine.every_epochs", remine.lag_steps);
  checks.that(on || remine.workers == 0, "remine.workers",
              "0 without remine.every_steps or remine.every_epochs", remine.workers);
  if (!on) return;
  checks.that(remine.workers < config.launcher.workers, "remine.workers",
              cat("fewer than launcher.workers (", config.launcher.workers, ")"), remine.workers);
  checks.that(remine.workers == 0 || remine.lag_steps > 0, "remine.lag_steps",
              "above 0 with remine.workers, or training waits while they mine", remine.lag_steps);
  checks.that(config.train.hard_pairs == "mined", "remine", "train.hard_pairs: mined",
              config.train.hard_pairs);
  checks.that(config.encoder.source == "model" && !config.encoder.model, "remine",
              "the tuned model as the encoder (encoder.source: model, no encoder.model)",
              config.encoder.model ? "encoder.model" : config.encoder.source);
}

void check(const EarlyStopConfig& early_stop, Checks& checks) {
  if (early_stop.dataset.empty()) {
    if (early_stop == EarlyStopConfig{}) return;
    checks.fail("early_stop.dataset", {.what = "early_stop without held-out images",
                                       .expected = "a folder in clip_benchmark layout",
                                       .found = "none"});
  }
  checks.name(early_stop.split, "early_stop.split");
  checks.that(early_stop.every_steps >= 1, "early_stop.every_steps", "at least 1",
              early_stop.every_steps);
  checks.that(early_stop.tolerance >= 0 && early_stop.tolerance < 1, "early_stop.tolerance",
              "0 or more, below 1", early_stop.tolerance);
  checks.that(early_stop.patience >= 1, "early_stop.patience", "at least 1", early_stop.patience);
}

void check(const LossConfig& loss, Checks& checks) {
  checks.that(not_negative(loss.margin_weight), "loss.margin_weight", "0 or more",
              loss.margin_weight);
  checks.that(positive(loss.margin_scale), "loss.margin_scale", "a number above 0",
              loss.margin_scale);
  checks.one_of(loss.margin_direction, "loss.margin_direction", {"image", "both"});
}

void check(const SlipConfig& slip, Checks& checks) {
  checks.that(not_negative(slip.ssl_weight), "slip.ssl_weight", "0 (off) or more", slip.ssl_weight);
  checks.that(positive(slip.ssl_temperature), "slip.ssl_temperature", "a number above 0",
              slip.ssl_temperature);
  checks.one_of(slip.ssl_on, "slip.ssl_on", {"seeds", "all"});
}

void check(const EvalConfig& eval, Checks& checks) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < eval.datasets.size(); ++i) {
    const EvalDataset& dataset = eval.datasets[i];
    const std::string key = cat("eval.datasets[", i, "]");
    checks.name(dataset.name, key + ".name");
    checks.that(names.insert(dataset.name).second, key + ".name", "a name given once",
                dataset.name);
    checks.text_is_given(dataset.path, key + ".path", "a folder in clip_benchmark layout");
    checks.that(!dataset.tasks.empty(), key + ".tasks",
                "at least one of zero_shot, retrieval, linear_probe", "none");
    for (std::size_t t = 0; t < dataset.tasks.size(); ++t) {
      const std::string task_key = cat(key, ".tasks[", t, "]");
      checks.one_of(dataset.tasks[t], task_key, {"zero_shot", "retrieval", "linear_probe"});
      checks.that(std::count(dataset.tasks.begin(), dataset.tasks.end(), dataset.tasks[t]) == 1,
                  task_key, "a task given once", dataset.tasks[t]);
    }
    checks.name(dataset.split, key + ".split");
    const bool probes = std::count(dataset.tasks.begin(), dataset.tasks.end(), "linear_probe") > 0;
    checks.that(!probes || dataset.split != "train", key + ".split",
                "a split other than train, on which the linear probe is trained", dataset.split);
  }
  checks.that(in_range(eval.batch_size, 1, 65536), "eval.batch_size", "1 to 65536",
              eval.batch_size);
  checks.that(!eval.recall_k.empty(), "eval.recall_k", "at least one number", "none");
  for (std::size_t i = 0; i < eval.recall_k.size(); ++i) {
    const std::string key = cat("eval.recall_k[", i, "]");
    checks.that(eval.recall_k[i] >= 1, key, "at least 1", eval.recall_k[i]);
    checks.that(i == 0 || eval.recall_k[i] > eval.recall_k[i - 1], key, "numbers that ascend",
                eval.recall_k[i]);
  }
  checks.that(not_negative(eval.probe_l2), "eval.probe_l2", "0 or more", eval.probe_l2);
}

void check(const CoordinatorConfig& coordinator, Checks& checks) {
  checks.that(coordinator.listen.rfind(':') != std::string::npos &&
                  coordinator.listen.rfind(':') + 1 < coordinator.listen.size() &&
                  coordinator.listen.rfind(':') > 0,
              "coordinator.listen", "HOST:PORT (port 0: a free one)",
              "'" + coordinator.listen + "'");
  checks.that(positive(coordinator.heartbeat_seconds), "coordinator.heartbeat_seconds",
              "a number above 0", coordinator.heartbeat_seconds);
  checks.that(
      std::isfinite(coordinator.lease_seconds) &&
          coordinator.lease_seconds >= 2 * coordinator.heartbeat_seconds,
      "coordinator.lease_seconds",
      cat("at least twice coordinator.heartbeat_seconds (", coordinator.heartbeat_seconds, ")"),
      coordinator.lease_seconds);
  checks.that(coordinator.max_attempts >= 1, "coordinator.max_attempts", "at least 1",
              coordinator.max_attempts);
}

// "NAME:SLOTS" of mpirun's --host. An IPv6 address has more colons and no slots.
bool counts_slots(const std::string& host) {
  const std::size_t colon = host.find(':');
  if (colon == std::string::npos || host.find(':', colon + 1) != std::string::npos) return true;
  const std::string slots = host.substr(colon + 1);
  if (slots == "*" || slots == "auto") return true;
  return colon > 0 && !slots.empty() && slots.size() <= 9 &&
         slots.find_first_not_of("0123456789") == std::string::npos && std::stoul(slots) > 0;
}

void check_hosts(const std::string& hosts, Checks& checks) {
  for (std::size_t begin = 0; begin <= hosts.size();) {
    const std::size_t end = std::min(hosts.find(',', begin), hosts.size());
    const std::string host = hosts.substr(begin, end - begin);
    checks.that(counts_slots(host), "launcher.hosts",
                "HOST or HOST:SLOTS, slots a whole number from 1 on", "'" + host + "'");
    begin = end + 1;
  }
}

void check(const LauncherConfig& launcher, Checks& checks) {
  check_hosts(launcher.hosts, checks);
  checks.one_of(launcher.kind, "launcher.kind", {"mpirun", "none"});
  checks.that(in_range(launcher.workers, 1, 100000), "launcher.workers", "1 to 100000",
              launcher.workers);
  checks.that(in_range(launcher.threads_per_worker, 1, 1024), "launcher.threads_per_worker",
              "1 to 1024", launcher.threads_per_worker);
  checks.one_of(launcher.device, "launcher.device", {"auto", "cpu", "cuda"});
}

// Mining would refuse it too, after hours of encoding.
void check_margins_on_device(const RunConfig& config, Checks& checks) {
  const MiningConfig& mining = config.mining;
  const bool margins = mining.absolute_margin || mining.relative_margin;
  if (!margins || config.train.hard_pairs != "mined" || mining.method != "exact") return;
  if (config.launcher.device != "cuda") return;
  checks.fail(mining.absolute_margin ? "mining.absolute_margin" : "mining.relative_margin",
              {.what = "a positive-aware margin is not mined on a GPU",
               .expected = "launcher.device: auto or cpu",
               .found = config.launcher.device});
}

}  // namespace

std::optional<char> csv_separator_of(const std::string& text) {
  if (text == "auto") return '\0';
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1 || text[0] == '"' || text[0] == '\n' || text[0] == '\r') return std::nullopt;
  return text[0];
}

std::optional<Violation> first_violation(const RunConfig& config) {
  Checks checks;
  check(config.corpus, checks);
  check(config.model, "model", checks);
  check(config.encoder, checks);
  check(config.mining, checks);
  check(config, config.train, checks);
  check(config, config.remine, checks);
  check(config.early_stop, checks);
  check(config.loss, checks);
  check(config.slip, checks);
  check(config.eval, checks);
  check(config.coordinator, checks);
  check(config.launcher, checks);
  check_margins_on_device(config, checks);
  checks.text_is_given(config.output.work_dir, "output.work_dir", "a folder");
  return checks.violation();
}

std::optional<Violation> first_violation(const MiningConfig& mining) {
  Checks checks;
  check(mining, checks);
  return checks.violation();
}

void validate(const RunConfig& config) {
  if (auto violation = first_violation(config)) {
    violation->problem.where = violation->key;
    throw ConfigError(violation->problem);
  }
}

}  // namespace helip::config
