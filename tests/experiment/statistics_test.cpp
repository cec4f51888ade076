// Against SciPy and NumPy: tests/golden/experiment/make_statistics.py.
#include "experiment/statistics.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "common/json.h"
#include "common/publish.h"

namespace helip::experiment {
namespace {

Json golden() {
  return Json::parse(read_text_file(std::filesystem::path(HELIP_SOURCE_DIR) /
                                    "tests/golden/experiment/statistics.json"));
}

}  // namespace

TEST_CASE("paired differences and their intervals are SciPy's") {
  const Json cases = golden();
  CHECK(cases.size() == 5);
  for (const Json& one : cases) {
    CAPTURE(one["name"].get<std::string>());
    const PairedDifference found =
        paired_difference(one["a"].get<std::vector<double>>(), one["b"].get<std::vector<double>>());
    CHECK(found.mean == Approx(one["mean"].get<double>()).margin(1e-12));
    CHECK(found.deviation == Approx(one["deviation"].get<double>()).margin(1e-12));
    CHECK(found.higher == one["wins"].get<std::size_t>());
    CHECK(found.count == one["a"].size());
    REQUIRE(found.t_interval);
    CHECK(found.t_interval->low == Approx(one["t_interval"][0].get<double>()).margin(1e-10));
    CHECK(found.t_interval->high == Approx(one["t_interval"][1].get<double>()).margin(1e-10));
    REQUIRE(found.bootstrap_interval);
    const double error = one["bootstrap_error"].get<double>() + 1e-12;
    CHECK(found.bootstrap_interval->low ==
          Approx(one["bootstrap_interval"][0].get<double>()).margin(error));
    CHECK(found.bootstrap_interval->high ==
          Approx(one["bootstrap_interval"][1].get<double>()).margin(error));
  }
}

TEST_CASE("an effect is shown where the interval excludes zero") {
  CHECK(effect_of(paired_difference({0.5, 0.51, 0.52}, {0.4, 0.42, 0.41})) == Effect::kHigher);
  CHECK(effect_of(paired_difference({0.4, 0.42, 0.41}, {0.5, 0.51, 0.52})) == Effect::kLower);
  CHECK(effect_of(paired_difference({0.5, 0.3, 0.52}, {0.4, 0.42, 0.41})) == Effect::kNone);
  // One seed has no interval, however large the difference.
  const PairedDifference one = paired_difference({0.9}, {0.1});
  CHECK_FALSE(one.t_interval);
  CHECK_FALSE(one.bootstrap_interval);
  CHECK(one.higher == 1);
  CHECK(effect_of(one) == Effect::kUnknown);
}

TEST_CASE("equal differences give equal intervals") {
  const std::vector<double> a = {0.31, 0.35, 0.33, 0.36}, b = {0.3, 0.31, 0.34, 0.3};
  const PairedDifference first = paired_difference(a, b), second = paired_difference(a, b);
  CHECK(first.bootstrap_interval->low == second.bootstrap_interval->low);
  CHECK(first.bootstrap_interval->high == second.bootstrap_interval->high);
}

}  // namespace helip::experiment
