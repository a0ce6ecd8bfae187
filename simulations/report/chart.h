// Line charts as SVG that needs nothing else: no script, no font, no other file. They follow the reader's light or dark
// setting, print light, and tell a point's values where the pointer rests on it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace outrider::simulations {

struct ChartPoint {
  double x = 0;
  double y = 0;       // not finite: a gap in the line
  double spread = 0;  // drawn as a band from y - spread to y + spread
};

struct ChartSeries {
  std::string name;
  std::vector<ChartPoint> points;  // joined in this order
  bool dashed = false;             // for bounds and other lines of reference
  bool dotted = false;
  std::optional<std::size_t> colour{};  // its number, from 0; otherwise that of the series
};

struct Chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<ChartSeries> series;  // eight colours, then again from the first
  // Where an axis begins and ends; otherwise it covers the data, out to round numbers.
  std::optional<double> x_from, x_to, y_from, y_to;
};

// A document of its own.
std::string to_svg(const Chart& chart);

// In the chart's own units, which are pixels where it is not scaled.
struct ChartSize {
  double width = 760;
  double height = 440;
};
// As a part of an HTML page that has chart_style() among its rules. Draws no title: the page has it. `id` is the
// chart's own on that page.
std::string to_inline_svg(const Chart& chart, const ChartSize& size, const std::string& id);
std::string chart_style();
// Replaces the file. Throws InputError when it cannot be written.
void save_svg(const Chart& chart, const std::filesystem::path& path);

// An axis from `first` to `last` with marks at multiples of `step`, which is 1, 2 or 5 times a power of ten.
struct AxisScale {
  double first = 0;
  double last = 1;
  double step = 1;
  int decimals = 0;  // that the marks need

  std::vector<double> marks() const;
};
// Covers [least, greatest] with about `marks` marks; least <= greatest. Of what is counted, marks are whole numbers.
AxisScale nice_scale(double least, double greatest, int marks = 6, bool counted = false);

}  // namespace outrider::simulations
