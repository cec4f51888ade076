#include "report/charts.h"

#include <algorithm>
#include <cmath>

#include "common/text.h"
#include "report/html.h"

namespace helip::report {
namespace {

constexpr double kWidth = 400, kHeight = 210;
constexpr double kLeft = 46, kRight = 10, kTop = 10, kBottom = 34;
constexpr std::size_t kLargestSeries = 400;
constexpr int kColours = 6;

// A linear map of [low, high] to pixels.
struct Scale {
  double low, high, from, to;
  [[nodiscard]] double operator()(double value) const {
    return high == low ? (from + to) / 2 : from + (value - low) / (high - low) * (to - from);
  }
};

std::string px(double value) { return decimal(value, 1); }

// As many digits as the step between two ticks needs.
std::string tick_text(double value, double step) {
  const int digits =
      step >= 1 ? 0 : std::min(8, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return decimal(value == 0 ? 0 : value, digits);
}

std::string open_svg(const std::string& label) {
  return cat("<svg viewBox=\"0 0 ", px(kWidth), ' ', px(kHeight), "\" role=\"img\" aria-label=\"",
             escape_html(label), "\">");
}

std::string y_axis(const std::vector<double>& ticks, const Scale& y) {
  std::string out;
  const double step = ticks[1] - ticks[0];
  for (const double tick : ticks) {
    out += cat("<line class=\"grid\" x1=\"", px(kLeft), "\" x2=\"", px(kWidth - kRight), "\" y1=\"",
               px(y(tick)), "\" y2=\"", px(y(tick)), "\"/><text x=\"", px(kLeft - 6), "\" y=\"",
               px(y(tick) + 4), "\" text-anchor=\"end\">", tick_text(tick, step), "</text>");
  }
  return out;
}

std::string x_label(double at, const std::string& text, const char* anchor) {
  return cat("<text x=\"", px(at), "\" y=\"", px(kHeight - kBottom + 16), "\" text-anchor=\"",
             anchor, "\">", escape_html(text), "</text>");
}

std::string x_name_text(const std::string& name) {
  return cat("<text x=\"", px((kLeft + kWidth - kRight) / 2), "\" y=\"", px(kHeight - 4),
             "\" text-anchor=\"middle\">", escape_html(name), "</text>");
}

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

std::string colour(std::size_t index) { return cat("var(--series-", index % kColours + 1, ")"); }

}  // namespace

std::vector<double> axis_ticks(double low, double high, int count) {
  if (high <= low) high = low + (low == 0 ? 1 : std::abs(low) * 0.1);
  const double raw = (high - low) / std::max(count, 1);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

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
    out += "<ul class=\"legend\">";
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      out += cat("<li><i style=\"background:", colour(i), "\"></i>", escape_html(drawn[i].name),
                 "</li>");
    }
    out += "</ul>";
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
