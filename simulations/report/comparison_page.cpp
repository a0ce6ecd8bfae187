// A comparison as a page: its curves overlaid, its figures side by side.
#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "simulations/report/comparison.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kMostCharts = 60;
constexpr std::size_t kMostKeyFigures = 6;

const Chart* curve_with_axes(const Findings& findings, const Chart& axes) {
  const auto found = std::ranges::find_if(findings.curves, [&](const Chart& curve) {
    return std::tie(curve.x_label, curve.y_label) == std::tie(axes.x_label, axes.y_label);
  });
  return found == findings.curves.end() ? nullptr : &*found;
}

// The runs' curves with the axes of one; null where a run has none.
using Family = std::vector<const Chart*>;

std::vector<Family> families_of(const Comparison& comparison) {
  std::vector<Family> families;
  std::set<std::pair<std::string, std::string>> seen;
  for (const ComparedRun& run : comparison.runs)
    for (const Chart& curve : run.findings.curves) {
      if (!seen.emplace(curve.x_label, curve.y_label).second) continue;
      Family& family = families.emplace_back();
      for (const ComparedRun& other : comparison.runs) family.push_back(curve_with_axes(other.findings, curve));
    }
  return families;
}

Chart with_axes_of(const Family& family) {
  const Chart& axes = **std::ranges::find_if(family, [](const Chart* curve) { return curve != nullptr; });
  Chart chart;
  chart.title = axes.y_label;
  chart.x_label = axes.x_label;
  chart.y_label = axes.y_label;
  chart.y_from = axes.y_from;
  chart.y_to = axes.y_to;
  return chart;
}

// One run's line, in that run's colour.
ChartSeries line_of(const ChartSeries& series, std::string name, std::size_t run) {
  ChartSeries line;
  line.name = std::move(name);
  line.points = series.points;
  line.colour = run;
  line.dashed = run >= 8;
  return line;
}

void add_charts(const Comparison& comparison, const Family& family, std::vector<Chart>& charts) {
  std::vector<std::string> names;
  for (const Chart* curve : family)
    if (curve != nullptr)
      for (const ChartSeries& series : curve->series)
        if (std::ranges::find(names, series.name) == names.end()) names.push_back(series.name);
  Chart all = with_axes_of(family);
  bool any_shared = false;
  for (const std::string& name : names) {
    Chart chart = with_axes_of(family);
    chart.title = name;
    for (std::size_t run = 0; run < family.size(); ++run) {
      if (family[run] == nullptr) continue;
      const auto series = std::ranges::find(family[run]->series, name, &ChartSeries::name);
      if (series == family[run]->series.end()) continue;
      const std::string& label = comparison.runs[run].label;
      chart.series.push_back(line_of(*series, label, run));
      all.series.push_back(line_of(*series, fmt::format("{}: {}", label, name), run));
    }
    if (chart.series.size() < 2) continue;
    any_shared = true;
    charts.push_back(std::move(chart));
  }
  const auto runs = std::ranges::count_if(family, [](const Chart* curve) { return curve != nullptr; });
  if (!any_shared && runs > 1) charts.push_back(std::move(all));
}

std::vector<KeyFigure> changes_of(const Comparison& comparison) {
  std::vector<KeyFigure> changes;
  if (comparison.runs.size() != 2) return changes;
  for (const ComparedFigure& compared : comparison.figures) {
    const Figure& figure = compared.figure;
    if (figure.better == Better::neither || changes.size() == kMostKeyFigures) continue;
    const Summary &before = *compared.values[0], &after = *compared.values[1];
    changes.push_back(
        {figure.of.empty() ? figure.name : fmt::format("{}, {}", figure.name, figure.of),
         difference_text(figure.unit, before, after),
         fmt::format("{} → {}", to_text(figure.unit, once(before.mean)), to_text(figure.unit, once(after.mean)))});
  }
  return changes;
}

Table runs_table(const Comparison& comparison) {
  Table table({"run", "kind", "title"});
  for (const ComparedRun& run : comparison.runs) table.row({run.label, run.findings.kind, run.findings.title});
  return table;
}

std::string heading_of(const Comparison& comparison) {
  std::string text = comparison.runs.front().label;
  const std::size_t last = comparison.runs.size() - 1;
  for (std::size_t run = 1; run <= last; ++run) text += (run == last ? " and " : ", ") + comparison.runs[run].label;
  return text;
}

}  // namespace

std::vector<Chart> overlaid_curves(const Comparison& comparison) {
  std::vector<Chart> charts;
  for (const Family& family : families_of(comparison)) add_charts(comparison, family, charts);
  charts.resize(std::min(charts.size(), kMostCharts));
  return charts;
}

Page comparison_page(const Comparison& comparison) {
  Page page;
  page.title = heading_of(comparison);
  page.lead = fmt::format("{} runs side by side; differences are to the first, {}.", comparison.runs.size(),
                          comparison.runs.front().label);
  page.figures = changes_of(comparison);
  page.section("Runs").add(PageTable{"", runs_table(comparison)});
  if (!comparison.settings.empty())
    page.section("Settings in which they differ").add(PageTable{"", settings_table(comparison)});
  if (std::vector<Chart> charts = overlaid_curves(comparison); !charts.empty()) {
    Section& section = page.section("Curves", true);
    for (Chart& chart : charts) section.add(std::move(chart));
  }
  page.section("Figures")
      .add(PageTable{"", figures_table(comparison), 1000})
      .add(Paragraph{
          "Differences of shares are in percentage points (pp), others in percent of the first run's. Those in "
          "brackets are no larger than the deviations of both runs together."});
  return page;
}

}  // namespace outrider::simulations
