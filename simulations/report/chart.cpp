#include "simulations/report/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "knowledge/whole_file.h"
#include "simulations/report/display_width.h"
#include "simulations/report/markup.h"

namespace outrider::simulations {
namespace {

constexpr double kRight = 28, kBottom = 62;
constexpr double kLetter = 6.9;  // width of a letter of 12 pixels, on the generous side
constexpr std::size_t kColours = 8;
constexpr std::size_t kMostMarkers = 40;
constexpr std::size_t kFewBands = 4;  // more are drawn fainter

// After Okabe and Ito's palette, which colour-blind readers tell apart; each is light enough on dark and dark on light.
constexpr std::array<const char*, kColours> kOnLight{"#0072b2", "#d55e00", "#009e73", "#b5459a",
                                                     "#8a6d00", "#3aa0d8", "#6b4fbb", "#5b5b5b"};
constexpr std::array<const char*, kColours> kOnDark{"#4db1f0", "#ff8c42", "#2ecf9f", "#e58ac9",
                                                    "#e3c341", "#9ad8ff", "#b39dff", "#c0c0c0"};

double text_width(std::string_view text) {
  return kLetter * static_cast<double>(display_width(text));
}

// Falls back to an ellipsis where the text is wider than that.
std::string shortened(std::string_view text, double width) {
  if (text_width(text) <= width) return std::string(text);
  const auto letters = static_cast<std::size_t>(std::max(1.0, width / kLetter - 1));
  return std::string(fit(text, letters)) + "…";
}

// Covers the points (with their spread) that can be drawn, unless the chart says otherwise.
AxisScale scale_of(const Chart& chart, double ChartPoint::*coordinate, std::optional<double> from,
                   std::optional<double> to, int marks) {
  const bool vertical = coordinate == &ChartPoint::y;
  double least = std::numeric_limits<double>::infinity(), greatest = -least;
  bool counted = !vertical;  // steps and tasks have no halves
  for (const ChartSeries& series : chart.series)
    for (const ChartPoint& point : series.points) {
      if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
      const double room = vertical && std::isfinite(point.spread) ? std::fabs(point.spread) : 0;
      counted &= point.x == std::round(point.x);
      least = std::min(least, point.*coordinate - room);
      greatest = std::max(greatest, point.*coordinate + room);
    }
  if (!(least <= greatest)) least = from.value_or(0), greatest = std::max(least, to.value_or(1));
  least = from.value_or(least);
  greatest = std::max(to.value_or(greatest), least);
  AxisScale scale = nice_scale(least, greatest, marks, counted && least < greatest);
  // Time and counts run from edge to edge; heights go out to the next mark.
  if (from || (!vertical && least < greatest)) scale.first = least;
  if ((to || !vertical) && least < greatest) scale.last = greatest;
  return scale;
}

std::string mark_text(double value, const AxisScale& scale) {
  const double size = std::max(std::fabs(scale.first), std::fabs(scale.last));
  if (size >= 1e7 || scale.decimals > 6) return fmt::format("{:.4g}", value);
  std::string text = fmt::format("{:.{}f}", value, scale.decimals);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  if (size >= 10000)
    for (std::size_t at = point; at > sign + 3;) text.insert(at -= 3, 1, ',');
  if (sign == 1) text.replace(0, 1, "−");
  return text;
}

std::size_t colour_of(const Chart& chart, std::size_t series) {
  return chart.series[series].colour.value_or(series) % kColours;
}

const char* stroke_of(const ChartSeries& series) {
  return series.dotted ? " dotted" : series.dashed ? " dashed" : "";
}

// "ours at 10: 80.25 ± 1.5".
std::string words_of(const ChartSeries& series, const ChartPoint& point) {
  const bool spread = std::isfinite(point.spread) && point.spread != 0;
  return fmt::format("{} at {:.6g}: {:.4g}", series.name, point.x, point.y) +
         (spread ? fmt::format(" ± {:.2g}", std::fabs(point.spread)) : "");
}

// Draws one chart: places everything first, then writes element after element.
class Drawing {
 public:
  Drawing(const Chart& chart, const ChartSize& size, std::string id)
      : chart_(chart),
        size_(size),
        id_(std::move(id)),
        x_(scale_of(chart, &ChartPoint::x, chart.x_from, chart.x_to, 3 + static_cast<int>(size.width / 150))),
        y_(scale_of(chart, &ChartPoint::y, chart.y_from, chart.y_to, 6)) {
    double widest = 0;
    for (const double mark : y_.marks()) widest = std::max(widest, text_width(mark_text(mark, y_)));
    left_ = 14 + (chart.y_label.empty() ? 0 : 22) + widest + 8;
  }

  std::string document() {
    if (!chart_.title.empty()) top_ = 46;
    const std::string legend_part = legend();  // moves the plot down
    begin("xmlns=\"http://www.w3.org/2000/svg\" ");
    add("<title>{}</title>\n<style>{}</style>\n", escaped(chart_.title), chart_style());
    add("<rect class=\"ground\" width=\"{}\" height=\"{}\"/>\n", size_.width, size_.height);
    if (!chart_.title.empty()) add("<text class=\"title\" x=\"14\" y=\"27\">{}</text>\n", escaped(chart_.title));
    svg_ += legend_part;
    return plot();
  }

  std::string part_of_page() {
    const std::string legend_part = legend();
    begin(fmt::format("aria-label=\"{}\" ", escaped(chart_.title)));
    svg_ += legend_part;
    return plot();
  }

 private:
  template <typename... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Arguments>(arguments)...);
  }

  double across(double x) const {
    return left_ + (x - x_.first) / (x_.last - x_.first) * (size_.width - kRight - left_);
  }
  double down(double y) const {
    return size_.height - kBottom - (y - y_.first) / (y_.last - y_.first) * (size_.height - kBottom - top_);
  }

  void begin(const std::string& attributes) {
    add("<svg {2}class=\"chart\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\">\n", size_.width,
        size_.height, attributes);
  }

  std::string plot() {
    axes();
    add("<clipPath id=\"{}\"><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/></clipPath>\n", id_,
        std::round(left_) - 4, std::round(top_) - 4, size_.width - kRight - left_ + 8,
        size_.height - kBottom - top_ + 8);
    add("<g clip-path=\"url(#{})\">\n", id_);
    for (std::size_t i = 0; i < chart_.series.size(); ++i) band(chart_.series[i], colour_of(chart_, i));
    for (std::size_t i = 0; i < chart_.series.size(); ++i) line(chart_.series[i], colour_of(chart_, i));
    svg_ += "</g>\n</svg>\n";
    return std::move(svg_);
  }

  std::string legend() {
    std::string text;
    double x = 14;
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      const ChartSeries& series = chart_.series[i];
      const std::string name = shortened(series.name, size_.width - 14 - 30 - 16);
      const double width = 30 + text_width(name) + 16;
      if (x > 14 && x + width > size_.width - 14) {
        x = 14;
        top_ += 19;
        size_.height += 19;
      }
      text += fmt::format(
          "<line class=\"line s{0}{1}\" x1=\"{2:.1f}\" y1=\"{3:.1f}\" x2=\"{4:.1f}\" y2=\"{3:.1f}\"/>"
          "<text x=\"{5:.1f}\" y=\"{6:.1f}\">{7}</text>\n",
          colour_of(chart_, i), stroke_of(series), x, top_, x + 22, x + 29, top_ + 4, escaped(name));
      x += width;
    }
    if (!chart_.series.empty()) top_ += 22;
    return text;
  }

  void axes() {
    const double bottom = size_.height - kBottom, right = size_.width - kRight;
    for (const double mark : y_.marks())
      add("<line class=\"grid\" x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{2:.1f}\" y2=\"{1:.1f}\"/>"
          "<text x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
          left_, down(mark), right, left_ - 8, down(mark) + 4, mark_text(mark, y_));
    for (const double mark : x_.marks())
      add("<line class=\"axis\" x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\"/>"
          "<text x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\">{4}</text>\n",
          across(mark), bottom, bottom + 5, bottom + 20, mark_text(mark, x_));
    add("<line class=\"axis\" x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{2:.1f}\" y2=\"{1:.1f}\"/>\n", left_, bottom, right);
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", (left_ + right) / 2, size_.height - 14,
        escaped(shortened(chart_.x_label, right - left_)));
    add("<text transform=\"translate(24 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n", (top_ + bottom) / 2,
        escaped(shortened(chart_.y_label, bottom - top_)));
  }

  // Calls use(points) for every stretch of the series without a gap.
  template <typename Use>
  static void for_stretches(const ChartSeries& series, Use&& use) {
    std::vector<ChartPoint> stretch;
    for (const ChartPoint& point : series.points) {
      if (std::isfinite(point.x) && std::isfinite(point.y)) {
        stretch.push_back(point);
        continue;
      }
      if (!stretch.empty()) use(stretch);
      stretch.clear();
    }
    if (!stretch.empty()) use(stretch);
  }

  void band(const ChartSeries& series, std::size_t colour) {
    for_stretches(series, [&](std::vector<ChartPoint> stretch) {
      for (ChartPoint& point : stretch) point.spread = std::isfinite(point.spread) ? std::fabs(point.spread) : 0;
      if (std::none_of(stretch.begin(), stretch.end(), [](const ChartPoint& point) { return point.spread > 0; }))
        return;
      add("<polygon class=\"band f{}{}\" points=\"", colour, chart_.series.size() > kFewBands ? " faint" : "");
      for (const ChartPoint& point : stretch) add("{:.1f},{:.1f} ", across(point.x), down(point.y + point.spread));
      for (auto point = stretch.rbegin(); point != stretch.rend(); ++point)
        add("{:.1f},{:.1f} ", across(point->x), down(point->y - point->spread));
      svg_ += "\"/>\n";
    });
  }

  void line(const ChartSeries& series, std::size_t colour) {
    const bool markers = !series.dashed && !series.dotted && series.points.size() <= kMostMarkers;
    for_stretches(series, [&](const std::vector<ChartPoint>& stretch) {
      add("<polyline class=\"line s{}{}\" points=\"", colour, stroke_of(series));
      for (const ChartPoint& point : stretch) add("{:.1f},{:.1f} ", across(point.x), down(point.y));
      svg_ += "\"/>\n";
      if (!markers && stretch.size() > 1) return;
      for (const ChartPoint& point : stretch)
        add("<circle class=\"marker f{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"><title>{}</title></circle>", colour,
            across(point.x), down(point.y), escaped(words_of(series, point)));
      svg_ += '\n';
    });
  }

  const Chart& chart_;
  ChartSize size_;
  std::string id_;  // of its clip path
  AxisScale x_, y_;
  double left_ = 0, top_ = 18;
  std::string svg_;
};

}  // namespace

std::string to_svg(const Chart& chart) {
  return Drawing(chart, {}, "plot").document();
}

std::string to_inline_svg(const Chart& chart, const ChartSize& size, const std::string& id) {
  return Drawing(chart, size, id).part_of_page();
}

std::string chart_style() {
  // Rules of a page's style hold for all of it: hence ".chart" before each.
  std::string rules =
      ".chart text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;font-size:12px;fill:#333}"
      ".chart .title{font-size:15px;font-weight:600;fill:#111}.chart .ground{fill:#fff}"
      ".chart .grid{stroke:#e3e3e3;stroke-width:1}.chart .axis{stroke:#888;stroke-width:1}"
      ".chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
      ".chart .dashed{stroke-dasharray:6 5}.chart .dotted{stroke-dasharray:1 5}"
      ".chart .band{stroke:none;fill-opacity:.16}.chart .faint{fill-opacity:.08}.chart .marker{stroke:none}";
  std::string dark =
      ".chart text{fill:#ccc}.chart .title{fill:#f2f2f2}.chart .ground{fill:#16181c}.chart .grid{stroke:#2e3138}"
      ".chart .axis{stroke:#777}";
  for (std::size_t i = 0; i < kColours; ++i) {
    rules += fmt::format(".chart .s{0}{{stroke:{1}}}.chart .f{0}{{fill:{1}}}", i, kOnLight[i]);
    dark += fmt::format(".chart .s{0}{{stroke:{1}}}.chart .f{0}{{fill:{1}}}", i, kOnDark[i]);
  }
  return rules + "@media screen and (prefers-color-scheme:dark){" + dark + "}";
}

void save_svg(const Chart& chart, const std::filesystem::path& path) {
  replace_file(path, bytes_of(to_svg(chart)));
}

}  // namespace outrider::simulations
