#include "experiment/grid_edges.h"

#include <catch2/catch.hpp>

#include "experiment/summary_text.h"

namespace helip::experiment {
namespace {

using Catch::Matchers::Contains;

std::string edges_of(const std::vector<config::Settings>& tries, std::size_t chosen) {
  std::string text;
  for (const GridEdge& edge : grid_edges(tries, tries.at(chosen))) {
    text += edge.key + "=" + edge.value + (edge.highest ? " highest;" : " lowest;");
  }
  return text;
}

}  // namespace

TEST_CASE("a best value at either end of a grid is told, one within it is not") {
  const std::vector<config::Settings> rates = {
      {"train.lr=2e-4"}, {"train.lr=8e-4"}, {"train.lr=0.0004"}};
  CHECK(edges_of(rates, 0) == "train.lr=2e-4 lowest;");
  CHECK(edges_of(rates, 1) == "train.lr=8e-4 highest;");
  CHECK(edges_of(rates, 2).empty());
}

TEST_CASE("each key that varies is looked at by itself, by its numbers and not by its text") {
  const std::vector<config::Settings> grid = {{"train.lr=9e-5", "loss.margin_weight=25"},
                                              {"train.lr=1e-4", "loss.margin_weight=25"},
                                              {"train.lr=1e-4", "loss.margin_weight=1.0"},
                                              {"train.lr=1.5e-4", "loss.margin_weight=5"}};
  CHECK(edges_of(grid, 0) == "loss.margin_weight=25 highest;train.lr=9e-5 lowest;");
  CHECK(edges_of(grid, 2) == "loss.margin_weight=1.0 lowest;");
  CHECK(edges_of(grid, 3) == "train.lr=1.5e-4 highest;");
}

TEST_CASE("keys that do not vary, that are no numbers or that one try alone sets have no ends") {
  CHECK(edges_of({{"train.lr=1e-4", "train.hard_pairs=mined", "train.amp=true"},
                  {"train.lr=1.0e-4", "train.hard_pairs=none", "train.amp=false", "loss.m=3"}},
                 1)
            .empty());
  // The last value of a key counts.
  CHECK(edges_of({{"a=1", "a=2"}, {"a=2"}}, 0).empty());
  CHECK(grid_edges({}, {}).empty());
}

TEST_CASE("text and JSON of an experiment tell the arms whose grid ends at the best try") {
  Summary summary;
  summary.seeds = summary.splits = 1;
  summary.arms = {{.name = kUntouched}, {.name = "continued"}, {.name = "helip"}};
  summary.control = 1;
  summary.subject = 2;
  for (std::size_t arm : {1U, 2U}) {
    summary.arms[arm].tries = {
        {{"train.lr=2e-4"}, .1}, {{"train.lr=4e-4"}, .2}, {{"train.lr=8e-4"}, .3}};
  }
  summary.arms[1].chosen = {"train.lr=8e-4"};
  summary.arms[2].chosen = {"train.lr=4e-4"};
  CHECK(edge_lines(summary) ==
        std::vector<std::string>{"continued: the best train.lr, 8e-4, is the highest tried"});
  CHECK_THAT(to_text(summary),
             Contains("continued: the best train.lr, 8e-4, is the highest tried\n"));
  const OrderedJson json = to_json(summary);
  CHECK(json["arms"][1]["grid_edges"][0]["key"] == "train.lr");
  CHECK(json["arms"][1]["grid_edges"][0]["value"] == "8e-4");
  CHECK(json["arms"][1]["grid_edges"][0]["edge"] == "highest");
  CHECK(json["arms"][2]["grid_edges"].empty());
}

}  // namespace helip::experiment
