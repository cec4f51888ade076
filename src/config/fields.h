// Every key of the configuration, named once. Parsing, to_yaml and the digest walk these lists, and
// a member of a section that is missing here does not compile.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

#include "config/run_config.h"

namespace helip::config {

// How a relative path in a text value is resolved. ~ and variables in a path are expanded before.
enum class PathRule {
  kNone,          // not a path
  kPath,          // a path; empty stays empty
  kEachPart,      // several paths joined by "::"
  kArchitecture,  // a path if it contains '/' or ends in ".json", else a name
  kInit,          // a path unless it is "random"
};

// What a value changes. Ordered: a later role also follows from what the earlier ones change.
enum class Role {
  kTraining,    // the trained model: corpus, embeddings, hard pairs, weights
  kEvaluation,  // results.json alone
  kReport,      // the page alone
  kOperation,   // nothing: how the work is done
};

template <typename Section, typename Value>
struct Field {
  std::string_view name;
  Value Section::*member;
  PathRule path_rule = PathRule::kNone;
  Role role = Role::kTraining;
};

template <typename Section, typename Value>
constexpr Field<Section, Value> field(std::string_view name, Value Section::*member,
                                      PathRule rule = PathRule::kNone) {
  return {name, member, rule, Role::kTraining};
}

// The section or value is of that role; for a section, so is each of its values of an earlier role.
template <typename Section, typename Value>
constexpr Field<Section, Value> field(std::string_view name, Value Section::*member, Role role) {
  return {name, member, PathRule::kNone, role};
}

template <typename Section, typename Value>
constexpr Field<Section, Value> operation(std::string_view name, Value Section::*member,
                                          PathRule rule = PathRule::kNone) {
  return {name, member, rule, Role::kOperation};
}

// Specialised for each section below.
template <typename Section>
struct Fields;

template <>
struct Fields<CorpusConfig> {
  using S = CorpusConfig;
  static constexpr auto kAll = std::tuple{
      field("path", &S::path, PathRule::kEachPart),
      field("caption_key", &S::caption_key),
      field("csv_separator", &S::csv_separator),
      field("csv_img_key", &S::csv_img_key),
      field("csv_caption_key", &S::csv_caption_key),
      operation("max_quarantined", &S::max_quarantined),
      field("max_pixels", &S::max_pixels),
      field("max_image_bytes", &S::max_image_bytes),
  };
};

template <>
struct Fields<ModelConfig> {
  using S = ModelConfig;
  static constexpr auto kAll = std::tuple{
      field("architecture", &S::architecture, PathRule::kArchitecture),
      field("init", &S::init, PathRule::kInit),
      field("init_seed", &S::init_seed),
      field("trust_torchscript", &S::trust_torchscript),
      field("tokenizer", &S::tokenizer, PathRule::kPath),
      field("name", &S::name),
  };
};

template <>
struct Fields<EncoderConfig> {
  using S = EncoderConfig;
  static constexpr auto kAll = std::tuple{
      field("source", &S::source),
      field("model", &S::model),
      field("image_embeddings", &S::image_embeddings, PathRule::kPath),
      field("text_embeddings", &S::text_embeddings, PathRule::kPath),
      field("batch_size", &S::batch_size),
      field("task_samples", &S::task_samples),
      operation("feature_cache", &S::feature_cache, PathRule::kPath),
  };
};

template <>
struct Fields<MiningConfig> {
  using S = MiningConfig;
  static constexpr auto kAll = std::tuple{
      field("method", &S::method),
      field("hard_pairs_per_target", &S::hard_pairs_per_target),
      field("pool_size", &S::pool_size),
      field("pool_refresh_targets", &S::pool_refresh_targets),
      field("image_floor", &S::image_floor),
      field("text_floor", &S::text_floor),
      field("duplicate_ceiling", &S::duplicate_ceiling),
      field("metric", &S::metric),
      field("min_score", &S::min_score),
      field("max_score", &S::max_score),
      field("absolute_margin", &S::absolute_margin),
      field("relative_margin", &S::relative_margin),
      field("hub_cap", &S::hub_cap),
      field("seed", &S::seed),
      field("index", &S::index),
      field("index_lists", &S::index_lists),
      field("index_probes", &S::index_probes),
      field("index_recall", &S::index_recall),
      field("task_targets", &S::task_targets),
      operation("task_seconds", &S::task_seconds),
      operation("scratch", &S::scratch, PathRule::kPath),
      operation("instruction_set", &S::instruction_set),
  };
};

template <>
struct Fields<TrainConfig> {
  using S = TrainConfig;
  static constexpr auto kAll = std::tuple{
      field("hard_pairs", &S::hard_pairs),
      field("seeds_per_batch", &S::seeds_per_batch),
      field("hard_pairs_per_seed", &S::hard_pairs_per_seed),
      field("range_min", &S::range_min),
      field("range_max", &S::range_max),
      field("sampling_strategy", &S::sampling_strategy),
      field("epochs", &S::epochs),
      field("steps", &S::steps),
      field("lr", &S::lr),
      field("lr_scheduler", &S::lr_scheduler),
      field("lr_end_fraction", &S::lr_end_fraction),
      field("epochs_cooldown", &S::epochs_cooldown),
      field("lr_cooldown_end", &S::lr_cooldown_end),
      field("lr_cooldown_power", &S::lr_cooldown_power),
      field("warmup", &S::warmup),
      field("optimizer_warmup", &S::optimizer_warmup),
      field("wise_ft", &S::wise_ft),
      field("beta1", &S::beta1),
      field("beta2", &S::beta2),
      field("eps", &S::eps),
      field("wd", &S::wd),
      field("grad_clip_norm", &S::grad_clip_norm),
      field("precision", &S::precision),
      field("accum_freq", &S::accum_freq),
      field("grad_checkpointing", &S::grad_checkpointing),
      field("lock_image", &S::lock_image),
      field("lock_image_unlocked_groups", &S::lock_image_unlocked_groups),
      field("lock_text", &S::lock_text),
      field("lock_text_unlocked_layers", &S::lock_text_unlocked_layers),
      field("layer_decay", &S::layer_decay),
      field("seed", &S::seed),
      field("repeats", &S::repeats),
      operation("checkpoint_steps", &S::checkpoint_steps),
      operation("keep_checkpoints", &S::keep_checkpoints),
      operation("keep_checkpoint_every", &S::keep_checkpoint_every),
      operation("log_steps", &S::log_steps),
      operation("time_layers_every", &S::time_layers_every),
      field("augment", &S::augment),
      field("crop_scale", &S::crop_scale),
      field("decode_scaled", &S::decode_scaled),
      field("word_dropout", &S::word_dropout),
      operation("loader_threads", &S::loader_threads),
      operation("fingerprint_steps", &S::fingerprint_steps),
      operation("shard_optimizer", &S::shard_optimizer),
      operation("collective_timeout_seconds", &S::collective_timeout_seconds),
  };
};

template <>
struct Fields<RemineConfig> {
  using S = RemineConfig;
  static constexpr auto kAll = std::tuple{
      field("every_steps", &S::every_steps),
      field("every_epochs", &S::every_epochs),
      field("lag_steps", &S::lag_steps),
      operation("workers", &S::workers),
  };
};

template <>
struct Fields<EarlyStopConfig> {
  using S = EarlyStopConfig;
  static constexpr auto kAll = std::tuple{
      field("dataset", &S::dataset, PathRule::kPath),
      field("split", &S::split),
      field("every_steps", &S::every_steps),
      field("tolerance", &S::tolerance),
      field("patience", &S::patience),
  };
};

template <>
struct Fields<LossConfig> {
  using S = LossConfig;
  static constexpr auto kAll = std::tuple{
      field("margin_weight", &S::margin_weight),
      field("margin_scale", &S::margin_scale),
      field("margin_detach", &S::margin_detach),
      field("margin_direction", &S::margin_direction),
      field("mask_duplicates", &S::mask_duplicates),
  };
};

template <>
struct Fields<SlipConfig> {
  using S = SlipConfig;
  static constexpr auto kAll = std::tuple{
      field("ssl_weight", &S::ssl_weight),
      field("ssl_temperature", &S::ssl_temperature),
      field("ssl_on", &S::ssl_on),
  };
};

template <>
struct Fields<EvalDataset> {
  using S = EvalDataset;
  static constexpr auto kAll = std::tuple{
      field("name", &S::name),
      field("path", &S::path, PathRule::kPath),
      field("tasks", &S::tasks),
      field("split", &S::split),
  };
};

template <>
struct Fields<EvalConfig> {
  using S = EvalConfig;
  static constexpr auto kAll = std::tuple{
      field("datasets", &S::datasets),           field("batch_size", &S::batch_size),
      field("recall_k", &S::recall_k),           field("probe_l2", &S::probe_l2),
      field("evaluate_init", &S::evaluate_init),
  };
};

template <>
struct Fields<CoordinatorConfig> {
  using S = CoordinatorConfig;
  static constexpr auto kAll = std::tuple{
      operation("listen", &S::listen),
      operation("insecure_network", &S::insecure_network),
      operation("heartbeat_seconds", &S::heartbeat_seconds),
      operation("lease_seconds", &S::lease_seconds),
      operation("max_attempts", &S::max_attempts),
  };
};

template <>
struct Fields<LauncherConfig> {
  using S = LauncherConfig;
  static constexpr auto kAll = std::tuple{
      operation("kind", &S::kind),
      operation("workers", &S::workers),
      field("threads_per_worker", &S::threads_per_worker),
      field("device", &S::device),
      operation("max_restarts", &S::max_restarts),
      operation("hosts", &S::hosts),
      operation("mpirun_args", &S::mpirun_args),
  };
};

template <>
struct Fields<OutputConfig> {
  using S = OutputConfig;
  static constexpr auto kAll = std::tuple{
      operation("work_dir", &S::work_dir, PathRule::kPath),
      operation("report", &S::report),
      field("gallery_targets", &S::gallery_targets),
  };
};

template <>
struct Fields<RunConfig> {
  using S = RunConfig;
  static constexpr auto kAll = std::tuple{
      field("corpus", &S::corpus),
      field("model", &S::model),
      field("encoder", &S::encoder),
      field("mining", &S::mining),
      field("train", &S::train),
      field("remine", &S::remine),
      field("early_stop", &S::early_stop),
      field("loss", &S::loss),
      field("slip", &S::slip),
      field("eval", &S::eval, Role::kEvaluation),
      operation("coordinator", &S::coordinator),
      field("launcher", &S::launcher),
      field("output", &S::output, Role::kReport),
  };
};

// A struct that has a list of fields (a section, the whole, or an element of a list).
template <typename T>
concept HasFields = requires {
  Fields<T>::kAll;
};

// Calls visit(field) for each field of a section, in order.
template <HasFields Section, typename Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... fields) { (visit(fields), ...); }, Fields<Section>::kAll);
}

namespace detail {

// Converts to the type of any member: counts the members of an aggregate.
struct AnyMember {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor): the conversion is the point
};

template <typename T, std::size_t... I>
constexpr bool takes_members(std::index_sequence<I...> /*count*/) {
  return requires { T{(static_cast<void>(I), AnyMember{})...}; };
}

// An aggregate takes as many initialisers as it has members, not one more.
template <typename T>
constexpr bool every_member_listed() {
  constexpr std::size_t kListed = std::tuple_size_v<decltype(Fields<T>::kAll)>;
  return takes_members<T>(std::make_index_sequence<kListed>()) &&
         !takes_members<T>(std::make_index_sequence<kListed + 1>());
}

}  // namespace detail

static_assert(detail::every_member_listed<CorpusConfig>());
static_assert(detail::every_member_listed<ModelConfig>());
static_assert(detail::every_member_listed<EncoderConfig>());
static_assert(detail::every_member_listed<MiningConfig>());
static_assert(detail::every_member_listed<TrainConfig>());
static_assert(detail::every_member_listed<RemineConfig>());
static_assert(detail::every_member_listed<LossConfig>());
static_assert(detail::every_member_listed<SlipConfig>());
static_assert(detail::every_member_listed<EarlyStopConfig>());
static_assert(detail::every_member_listed<EvalDataset>());
static_assert(detail::every_member_listed<EvalConfig>());
static_assert(detail::every_member_listed<CoordinatorConfig>());
static_assert(detail::every_member_listed<LauncherConfig>());
static_assert(detail::every_member_listed<OutputConfig>());
static_assert(detail::every_member_listed<RunConfig>());

}  // namespace helip::config
