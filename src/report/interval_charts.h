// Charts of values with their uncertainty, as inline SVG.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace helip::report {

struct ForestRow {
  std::string name;
  double value = 0;
  std::optional<double> low, high;  // the interval; none: the value alone is drawn
  std::string text;                 // beside the row: "+2.1 [+1.0, +3.2]"
};

// Returns SVG with a point and its interval for each row, and a line at zero. `x_name` has the unit
// of the values. Expects at least one row.
std::string forest_plot(const std::vector<ForestRow>& rows, const std::string& x_name);

struct BandPoint {
  double x = 0, mean = 0, low = 0, high = 0;
};

struct BandSeries {
  std::string name;
  std::vector<BandPoint> points;  // x ascending
};

// Returns SVG with a curve of means in its band from low to high for each series, and a legend
// before it. Expects at least one point.
std::string band_chart(const std::vector<BandSeries>& series, const std::string& x_name);

}  // namespace helip::report
