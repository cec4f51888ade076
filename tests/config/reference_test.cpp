#include "config/reference.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/publish.h"
#include "config/choices.h"
#include "config/describe.h"

namespace helip::config {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

KeyDescription only(const std::string& key) {
  const auto found = describe_key(key, "explain");
  REQUIRE(found.size() == 1);
  return found.front();
}

std::string error_of(const std::string& key) {
  try {
    describe_key(key, "explain");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

template <Choice Enum>
void check_names() {
  std::set<std::string_view> names;
  for (const auto& [value, name] : Choices<Enum>::kAll) {
    CHECK(name_of(value) == name);
    CHECK(choice_named<Enum>(name) == value);
    CHECK(names.insert(name).second);
  }
  // The enumerators count from 0, and only the last of PrecisionMode has no name.
  CHECK(static_cast<std::size_t>(Choices<Enum>::kAll.back().value) + 1 ==
        Choices<Enum>::kAll.size());
  CHECK_FALSE(choice_named<Enum>("no such name"));
  CHECK_FALSE(choice_named<Enum>(""));
}

}  // namespace

TEST_CASE("docs/configuration.md says what the table says") {
  const auto file = std::filesystem::path(HELIP_SOURCE_DIR) / "docs/configuration.md";
  INFO("write it again: build/bin/helip config explain --markdown > docs/configuration.md");
  CHECK((read_text_file(file) == reference_markdown()));
}

TEST_CASE("each key has a meaning in sentences") {
  const std::vector<KeyDescription> keys = describe_keys();
  CHECK(keys.size() > 100);
  for (const KeyDescription& about : keys) {
    CAPTURE(about.key);
    CHECK_THAT(about.meaning, EndsWith("."));
    CHECK(about.is_section == about.type.empty());
    CHECK(about.is_section == (about.key.find('.') == std::string::npos));
  }
}

TEST_CASE("a key is described with type, default, limits and what it changes") {
  const KeyDescription method = only("mining.method");
  CHECK(method.type == "one of exact, fast, index");
  CHECK(method.default_value == "exact");
  CHECK(method.limits.empty());
  CHECK(method.changes == Role::kTraining);
  CHECK(only("mining.pool_size").limits == "2 to 4294967294");
  CHECK(only("mining.absolute_margin").type == "a number, or null");
  CHECK(only("mining.absolute_margin").default_value == "null");
  CHECK(only("mining.task_seconds").changes == Role::kOperation);
  CHECK(only("train.beta1").limits == "0 or more, below 1");
  CHECK(only("train.lr").limits == "a number above 0");
  CHECK(only("train.lr").default_value == "1e-04");
  CHECK(only("eval.recall_k").default_value == "[1, 5, 10]");
  CHECK(only("eval.recall_k").limits == "at least 1; at least one number, ascending");
  CHECK(only("eval.recall_k").changes == Role::kEvaluation);
  CHECK(only("eval.datasets[].tasks").type == "a list of zero_shot, retrieval, linear_probe");
  CHECK(only("coordinator.listen").changes == Role::kOperation);
  CHECK(only("output.gallery_targets").changes == Role::kReport);
  CHECK(only("corpus.path").type == "a path");
}

TEST_CASE("a section is described with its keys, another name is refused with the nearest key") {
  const auto slip = describe_key("slip", "explain");
  REQUIRE(slip.size() == 4);
  CHECK(slip[0].is_section);
  CHECK(slip[3].key == "slip.ssl_on");
  CHECK(describe_key("eval.datasets", "explain").size() == 7);
  CHECK(error_of("train.rl") == "explain: train.rl: unknown key; expected train.lr, perhaps");
  CHECK(error_of("lr") == "explain: lr: unknown key; expected train.lr, perhaps");
  CHECK(error_of("trian.lr") == "explain: trian.lr: unknown key; expected train.lr, perhaps");
  CHECK_THAT(error_of("zzz"), Contains("expected one of corpus, model, encoder"));
  CHECK_THAT(error_of("slip.zzzzzz"), Contains("one of ssl_weight, ssl_temperature, ssl_on"));
  CHECK_THAT(error_of(""), Contains("unknown key"));
}

TEST_CASE("an explanation has a line for each thing known, wrapped between words") {
  const std::string text = explained({only("train.seed"), only("mining.scratch")});
  CHECK_THAT(text, Contains("train.seed\n  type      a whole number\n  default   1\n"
                            "  changes   the trained model\n  meaning   Seed of the order"));
  CHECK_THAT(text, Contains("\n\nmining.scratch\n") && Contains("changes   nothing\n"));
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    CHECK(end - begin <= 100);
    begin = end + 1;
  }
}

TEST_CASE("each choice has one name") {
  check_names<EncoderSource>();
  check_names<MiningMethod>();
  check_names<Metric>();
  check_names<IndexWay>();
  check_names<InstructionSet>();
  check_names<HardPairs>();
  check_names<SamplingStrategy>();
  check_names<LrScheduler>();
  check_names<PrecisionMode>();
  check_names<MarginDirection>();
  check_names<SslImages>();
  check_names<EvalTask>();
  check_names<LauncherKind>();
  check_names<DeviceChoice>();
  CHECK(name_of(PrecisionMode::kFp64) == "unnamed");
  CHECK(all_names<MiningMethod>() == "exact, fast, index");
}

}  // namespace helip::config
