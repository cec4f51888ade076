#include "report/charts.h"

#include <algorithm>
#include <cmath>

#include "common/text.h"
#include "report/html.h"
#include "report/svg.h"

namespace helip::report {
namespace {

constexpr std::size_t kLargestSeries = 400;

std::vector<std::pair<double, double>> thinned(
    const std::vector<std::pair<double, double>>& points) {
  const std::size_t group = (points.size() + kLargestSeries - 1) / kLargestSeries;
  if (group <= 1) return points;
  std::vector<std::pair<double, double>> out;
  for (std::size_t first = 0; first < points.size(); first += group) {
    const std::size_t last = std::min(points.size(), first + group);
    double x = 0, y = 0;
    for (std::size_t i = first; i < last; ++i) {
      x += points[i].first;
      y += points[i].second;
    }
    const auto count = static_cast<double>(last - first);
    out.emplace_back(x / count, y / count);
  }
  return out;
}

}  // namespace

std::string line_chart(const std::vector<Series>& series, const std::string& x_name) {
  double x_low = 0, x_high = 0, y_low = 0, y_high = 0;
  bool first = true;
  std::vector<Series> drawn;
  for (const Series& one : series) {
    drawn.push_back({one.name, thinned(one.points)});
    for (const auto& [x, y] : drawn.back().points) {
      x_low = first ? x : std::min(x_low, x);
      x_high = first ? x : std::max(x_high, x);
      y_low = first ? y : std::min(y_low, y);
      y_high = first ? y : std::max(y_high, y);
      first = false;
    }
  }
  const std::vector<double> ticks = axis_ticks(y_low, y_high, 5);
  const Scale x{x_low, x_high, kLeft, kWidth - kRight};
  const Scale y{ticks.front(), ticks.back(), kHeight - kBottom, kTop};

  std::string out;
  if (drawn.size() > 1) {
    std::vector<std::string> names;
    for (const Series& one : drawn) names.push_back(one.name);
    out += legend(names);
  }
  out += open_svg(cat("curves over ", x_name)) + y_axis(ticks, y);
  out += x_label(kLeft, decimal(x_low, 0), "start") +
         x_label(kWidth - kRight, decimal(x_high, 0), "end");
  out += x_name_text(x_name);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    out += cat("<polyline class=\"curve\" style=\"stroke:", colour(i), "\" points=\"");
    for (const auto& [px_x, px_y] : drawn[i].points) out += cat(px(x(px_x)), ',', px(y(px_y)), ' ');
    out += cat("\"><title>", escape_html(drawn[i].name), "</title></polyline>");
  }
  return out + "</svg>";
}

std::vector<Bin> histogram(const std::vector<double>& values, int bins) {
  if (values.empty()) return {};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (*low == *high || bins < 2) return {{*low, *high, values.size()}};
  std::vector<Bin> out(static_cast<std::size_t>(bins));
  const double width = (*high - *low) / bins;
  for (int i = 0; i < bins; ++i) {
    out[static_cast<std::size_t>(i)] = {*low + i * width,
                                        i + 1 == bins ? *high : *low + (i + 1) * width, 0};
  }
  for (const double value : values) {
    const int bin = std::min(bins - 1, static_cast<int>((value - *low) / width));
    ++out[static_cast<std::size_t>(bin)].count;
  }
  return out;
}

std::string bar_chart(const std::vector<Bin>& bins, const std::string& x_name, int digits) {
  std::uint64_t largest = 0;
  for (const Bin& bin : bins) largest = std::max(largest, bin.count);
  const std::vector<double> ticks = axis_ticks(0, static_cast<double>(largest), 4);
  const Scale y{0, ticks.back(), kHeight - kBottom, kTop};
  const double slot =
      (kWidth - kLeft - kRight) / static_cast<double>(std::max<std::size_t>(1, bins.size()));
  std::string out = open_svg(cat("histogram of ", x_name)) + y_axis(ticks, y);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const double left = kLeft + static_cast<double>(i) * slot + 1;
    const double top = y(static_cast<double>(bins[i].count));
    out += cat("<rect class=\"bar\" x=\"", px(left), "\" y=\"", px(top), "\" width=\"",
               px(std::max(1.0, slot - 2)), "\" height=\"", px(kHeight - kBottom - top),
               "\" rx=\"2\"><title>", decimal(bins[i].low, digits), " – ",
               decimal(bins[i].high, digits), ": ", bins[i].count, "</title></rect>");
  }
  if (!bins.empty()) {
    out += x_label(kLeft, decimal(bins.front().low, digits), "start");
    out += x_label(kWidth - kRight, decimal(bins.back().high, digits), "end");
  }
  return out + x_name_text(x_name) + "</svg>";
}

}  // namespace helip::report
