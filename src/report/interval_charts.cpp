#include "report/interval_charts.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "common/text.h"
#include "report/html.h"
#include "report/svg.h"

namespace helip::report {
namespace {

constexpr double kForestRow = 22, kForestLeft = 96, kForestRight = 148;

// What a chart spans on one axis.
struct Span {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

std::string line(const char* kind, double x1, double y1, double x2, double y2) {
  return cat("<line class=\"", kind, "\" x1=\"", px(x1), "\" y1=\"", px(y1), "\" x2=\"", px(x2),
             "\" y2=\"", px(y2), "\"/>");
}

std::string forest_row(const ForestRow& row, const Scale& x, double y) {
  const char* kind = "none";
  if (row.low && *row.low > 0) kind = "higher";
  if (row.high && *row.high < 0) kind = "lower";
  std::string out = cat("<g class=\"effect ", kind, "\"><text x=\"", px(kForestLeft - 8), "\" y=\"",
                        px(y + 4), "\" text-anchor=\"end\">", escape_html(row.name), "</text>");
  if (row.low && row.high) out += line("interval", x(*row.low), y, x(*row.high), y);
  out += cat("<circle cx=\"", px(x(row.value)), "\" cy=\"", px(y), "\" r=\"4\"/>");
  return out + cat("<text x=\"", px(kWidth - kForestRight + 8), "\" y=\"", px(y + 4), "\">",
                   escape_html(row.text), "</text></g>");
}

std::string band_of(const BandSeries& one, std::size_t index, const Scale& x, const Scale& y) {
  std::string upper, lower, middle;
  for (const BandPoint& point : one.points) {
    upper += cat(px(x(point.x)), ',', px(y(point.high)), ' ');
    lower = cat(px(x(point.x)), ',', px(y(point.low)), ' ') + lower;
    middle += cat(px(x(point.x)), ',', px(y(point.mean)), ' ');
  }
  return cat("<polygon class=\"band\" style=\"fill:", colour(index), "\" points=\"", upper, lower,
             "\"/><polyline class=\"curve\" style=\"stroke:", colour(index), "\" points=\"", middle,
             "\"><title>", escape_html(one.name), "</title></polyline>");
}

}  // namespace

std::string forest_plot(const std::vector<ForestRow>& rows, const std::string& x_name) {
  Span span{0, 0};
  for (const ForestRow& row : rows) {
    span.include(row.value);
    if (row.low) span.include(*row.low);
    if (row.high) span.include(*row.high);
  }
  const std::vector<double> ticks = axis_ticks(span.low, span.high, 4);
  const double step = ticks[1] - ticks[0];
  const Scale x{ticks.front(), ticks.back(), kForestLeft, kWidth - kForestRight};
  const double bottom = kTop + kForestRow * static_cast<double>(rows.size());
  std::string out = open_svg(cat("differences: ", x_name), bottom + kBottom);
  for (const double tick : ticks) {
    out += line("grid", x(tick), kTop, x(tick), bottom);
    out += cat("<text x=\"", px(x(tick)), "\" y=\"", px(bottom + 16), "\" text-anchor=\"middle\">",
               tick_text(tick, step), "</text>");
  }
  out += line("zero", x(0), kTop, x(0), bottom);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out += forest_row(rows[i], x, kTop + kForestRow * (static_cast<double>(i) + 0.5));
  }
  return out + cat("<text x=\"", px((kForestLeft + kWidth - kForestRight) / 2), "\" y=\"",
                   px(bottom + kBottom - 2), "\" text-anchor=\"middle\">", escape_html(x_name),
                   "</text></svg>");
}

std::string band_chart(const std::vector<BandSeries>& series, const std::string& x_name) {
  Span across, up;
  std::vector<std::string> names;
  for (const BandSeries& one : series) {
    names.push_back(one.name);
    for (const BandPoint& point : one.points) {
      across.include(point.x);
      up.include(point.low);
      up.include(point.high);
    }
  }
  const std::vector<double> ticks = axis_ticks(up.low, up.high, 5);
  const Scale x{across.low, across.high, kLeft, kWidth - kRight};
  const Scale y{ticks.front(), ticks.back(), kHeight - kBottom, kTop};
  std::string out = legend(names) + open_svg(cat("curves over ", x_name)) + y_axis(ticks, y);
  out += x_label(kLeft, decimal(across.low, 0), "start") +
         x_label(kWidth - kRight, decimal(across.high, 0), "end") + x_name_text(x_name);
  for (std::size_t i = 0; i < series.size(); ++i) out += band_of(series[i], i, x, y);
  return out + "</svg>";
}

}  // namespace helip::report
