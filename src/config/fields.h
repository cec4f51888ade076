// Every key of the configuration, listed once, with its limits and its meaning. Parsing, limits,
// to_yaml, the digests, the options of `helip mine`, `helip config` and docs/configuration.md walk
// these lists. A section with a member that is missing here does not compile.
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include "config/fields/data_fields.h"
#include "config/fields/field.h"
#include "config/fields/job_fields.h"
#include "config/fields/train_fields.h"
#include "config/run_config.h"

namespace helip::config {

template <>
struct Fields<RunConfig> {
  using S = RunConfig;
  static constexpr auto kAll = std::tuple{
      section("corpus", &S::corpus, "The image-text pairs."),
      section("model", &S::model, "The model that is tuned."),
      section("encoder", &S::encoder, "The embeddings that are mined."),
      section("mining", &S::mining, "Hard Pair Mining (paper Sec. 3.2, Eq. 5)."),
      section(
          "train", &S::train,
          "Data-parallel fine-tuning (paper Sec. 3.3). Names are OpenCLIP's where it has them."),
      section("remine", &S::remine,
              "Mining again while training, with the weights of that time. Give every_steps or "
              "every_epochs to turn it on."),
      section("scores", &S::scores,
              "Scores of the model on held-out data sets while it is trained: before the first "
              "step, every so many steps or epochs, and after the last one. They change no weights "
              "unless early_stop uses them."),
      section("early_stop", &S::early_stop,
              "Ends training when one of the scores falls. The model is then the one of the best "
              "score."),
      section("loss", &S::loss, "The losses (paper Eq. 6, Eq. 7)."),
      section("slip", &S::slip,
              "The self-supervised term of models with SLIP's head (SLIP, arXiv 2112.12750): two "
              "more views of each image go through the image tower and are told from all others "
              "(SimCLR). Other models have no such term and refuse any change here."),
      section("eval", &S::eval, "What the finished model is scored on.", Role::kEvaluation),
      section("coordinator", &S::coordinator, "The server that hands out tasks.", Role::kOperation),
      section("launcher", &S::launcher, "How workers are started."),
      section("output", &S::output, "What the job writes.", Role::kReport),
  };
};

// A struct that has a list of fields: a section, the whole configuration, or an element of a list.
template <typename T>
concept HasFields = requires {
  Fields<T>::kAll;
};

// Calls visit(field) for each field of a section in the order of its members.
template <HasFields Section, typename Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... fields) { (visit(fields), ...); }, Fields<Section>::kAll);
}

namespace detail {

// Converts to the type of any member, to count the members of an aggregate.
struct AnyMember {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor): the conversion is the point
};

// Returns true if T can be made from sizeof...(I) initialisers.
template <typename T, std::size_t... I>
constexpr bool takes_members(std::index_sequence<I...> /*count*/) {
  return requires { T{(static_cast<void>(I), AnyMember{})...}; };
}

// Returns true if Fields<T> lists every member of T. An aggregate takes an initialiser for each
// member and no further one.
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
static_assert(detail::every_member_listed<ScoresDataset>());
static_assert(detail::every_member_listed<ScoresConfig>());
static_assert(detail::every_member_listed<EarlyStopConfig>());
static_assert(detail::every_member_listed<EvalDataset>());
static_assert(detail::every_member_listed<EvalConfig>());
static_assert(detail::every_member_listed<SuiteAverage>());
static_assert(detail::every_member_listed<SuiteConfig>());
static_assert(detail::every_member_listed<CoordinatorConfig>());
static_assert(detail::every_member_listed<LauncherConfig>());
static_assert(detail::every_member_listed<OutputConfig>());
static_assert(detail::every_member_listed<RunConfig>());

}  // namespace helip::config
