// Pieces of charts as inline SVG: the frame, axes and their ticks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace helip::report {

// A chart's frame and its margins, in pixels of the view box.
inline constexpr double kWidth = 400, kHeight = 210;
inline constexpr double kLeft = 46, kRight = 10, kTop = 10, kBottom = 34;

// A linear map of [low, high] to pixels.
struct Scale {
  double low, high, from, to;
  [[nodiscard]] double operator()(double value) const {
    return high == low ? (from + to) / 2 : from + (value - low) / (high - low) * (to - from);
  }
};

// Returns a coordinate with one digit after the point.
std::string px(double value);
// Returns a tick's number with as many digits as the step between two ticks needs.
std::string tick_text(double value, double step);
// Returns round numbers, ascending and at least two, that span [low, high] in about `count` steps.
std::vector<double> axis_ticks(double low, double high, int count);

// Returns the opening tag of a chart whose content `label` says in words.
std::string open_svg(const std::string& label, double height = kHeight);
// Returns a line and a number for each tick. Precondition: at least two ticks.
std::string y_axis(const std::vector<double>& ticks, const Scale& y);
// Returns a text below the x axis; `anchor` is start, middle or end.
std::string x_label(double at, const std::string& text, const char* anchor);
// Returns the x axis's name.
std::string x_name_text(const std::string& name);

// Returns the style sheet's colour of a series.
std::string colour(std::size_t index);
// Returns the names of series with their colours, as HTML before the chart.
std::string legend(const std::vector<std::string>& names);

}  // namespace helip::report
