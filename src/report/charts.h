// Charts as inline SVG. Their colours come from the page's style sheet and follow light and dark.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace helip::report {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // x ascending
};

// Returns SVG with one curve for each series over shared axes, and a legend before it if there is
// more than one series. Draws at most 400 points of a series: means of neighbours. Expects at least
// one point.
std::string line_chart(const std::vector<Series>& series, const std::string& x_name);

struct Bin {
  double low = 0, high = 0;  // [low, high), the last one [low, high]
  std::uint64_t count = 0;
};

// Returns `bins` bins of equal width between the smallest and the largest value. Returns one bin if
// all values are equal, and none if there are no values.
std::vector<Bin> histogram(const std::vector<double>& values, int bins);

// Returns SVG with a bar for each bin, which shows its count on hover. `digits`: digits after the
// point of the numbers on the x axis.
std::string bar_chart(const std::vector<Bin>& bins, const std::string& x_name, int digits);

}  // namespace helip::report
