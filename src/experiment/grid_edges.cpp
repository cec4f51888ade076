#include "experiment/grid_edges.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

namespace helip::experiment {
namespace {

std::optional<double> number_in(const std::string& text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The value of each key; the last one wins, as of --set.
std::map<std::string, std::string> values_of(const config::Settings& settings) {
  std::map<std::string, std::string> values;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) continue;
    values[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return values;
}

}  // namespace

std::vector<GridEdge> grid_edges(const std::vector<config::Settings>& tries,
                                 const config::Settings& chosen) {
  std::vector<GridEdge> edges;
  for (const auto& [key, value] : values_of(chosen)) {
    std::vector<double> tried;
    for (const config::Settings& one : tries) {
      const auto values = values_of(one);
      const auto found = values.find(key);
      const auto number = found == values.end() ? std::nullopt : number_in(found->second);
      if (number) tried.push_back(*number);
    }
    const std::optional<double> best = number_in(value);
    if (!best || tried.empty()) continue;
    const auto [lowest, highest] = std::minmax_element(tried.begin(), tried.end());
    if (*lowest == *highest || (*best > *lowest && *best < *highest)) continue;
    edges.push_back({key, value, *best >= *highest});
  }
  return edges;
}

}  // namespace helip::experiment
