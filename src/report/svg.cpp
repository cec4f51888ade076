#include "report/svg.h"

#include <algorithm>
#include <cmath>

#include "common/text.h"
#include "report/html.h"

namespace helip::report {
namespace {

constexpr int kColours = 6;

}  // namespace

std::string px(double value) { return decimal(value, 1); }

std::string tick_text(double value, double step) {
  const int digits =
      step >= 1 ? 0 : std::min(8, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return decimal(value == 0 ? 0 : value, digits);
}

std::string open_svg(const std::string& label, double height) {
  return cat("<svg viewBox=\"0 0 ", px(kWidth), ' ', px(height), "\" role=\"img\" aria-label=\"",
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

std::string colour(std::size_t index) { return cat("var(--series-", index % kColours + 1, ")"); }

std::string legend(const std::vector<std::string>& names) {
  std::string out = "<ul class=\"legend\">";
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += cat("<li><i style=\"background:", colour(i), "\"></i>", escape_html(names[i]), "</li>");
  }
  return out + "</ul>";
}

}  // namespace helip::report
