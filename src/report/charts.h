// Charts as inline SVG; colours come from the page's style sheet, so they follow light and dark.
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

// One curve per series over shared axes; at most 400 points of each are drawn (means of
// neighbours). Returns SVG and, for more than one series, a legend before it. Needs at least one
// point.
std::string line_chart(const std::vector<Series>& series, const std::string& x_name);

struct Bin {
  double low = 0, high = 0;  // [low, high), the last one [low, high]
  std::uint64_t count = 0;
};

// `bins` equal bins between the smallest and the largest value; one bin if all are equal; none for
// no values.
std::vector<Bin> histogram(const std::vector<double>& values, int bins);

// Bars with the count on hover. `digits` of the numbers on the x axis.
std::string bar_chart(const std::vector<Bin>& bins, const std::string& x_name, int digits);

// Round numbers that span [low, high] in about `count` steps, ascending; at least two.
std::vector<double> axis_ticks(double low, double high, int count);

}  // namespace helip::report
