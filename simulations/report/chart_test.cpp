#include "simulations/report/chart.h"

#include <cmath>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider::simulations {
namespace {

std::size_t times(std::string_view part, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

TEST(AxisScale, MarksAreRoundAndCoverTheData) {
  for (const auto& [least, greatest] :
       {std::pair{0.0, 1.0}, std::pair{0.0, 97.3}, std::pair{-3.0, 12.0}, std::pair{0.9812, 0.9931},
        std::pair{1e-9, 3e-9}, std::pair{12345.0, 987654.0}, std::pair{-5e6, -1e6}}) {
    const AxisScale scale = nice_scale(least, greatest);
    EXPECT_LE(scale.first, least + 1e-9 * scale.step);
    EXPECT_GE(scale.last, greatest - 1e-9 * scale.step);
    const auto marks = scale.marks();
    EXPECT_GE(marks.size(), 3u) << least;
    EXPECT_LE(marks.size(), 9u) << least;
    const double digit = scale.step / std::pow(10, std::floor(std::log10(scale.step) + 1e-9));
    EXPECT_TRUE(std::fabs(digit - 1) < 1e-6 || std::fabs(digit - 2) < 1e-6 || std::fabs(digit - 5) < 1e-6) << digit;
  }
}

TEST(AxisScale, KnownExamples) {
  EXPECT_EQ(nice_scale(0, 100).marks(), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_EQ(nice_scale(0, 1).decimals, 1);
  EXPECT_EQ(nice_scale(0, 0.05).decimals, 2);
  EXPECT_EQ(nice_scale(0, 5000).decimals, 0);
  EXPECT_EQ(nice_scale(1, 3).marks(), (std::vector<double>{1, 1.5, 2, 2.5, 3}));
  EXPECT_EQ(nice_scale(1, 3, 6, true).marks(), (std::vector<double>{1, 2, 3}));
  EXPECT_FALSE(std::signbit(nice_scale(-1, 1).marks()[2]));
}

TEST(AxisScale, OneValueGetsRoom) {
  for (const double value : {0.0, 5.0, -2.0, 1e9}) {
    const AxisScale scale = nice_scale(value, value);
    EXPECT_LT(scale.first, value);
    EXPECT_GT(scale.last, value);
  }
}

Chart example() {
  Chart chart;
  chart.title = "Accuracy <all> & more";
  chart.x_label = "classes";
  chart.y_label = "accuracy (%)";
  chart.series = {{"ours", {{0, 90, 1}, {10, 80, 2}, {20, NAN}, {30, 70, 2}, {40, 65, 1}}},
                  {"bound", {{0, 95}, {40, 85}}, true}};
  return chart;
}

TEST(Chart, DrawsLinesGapsAndBands) {
  const std::string svg = to_svg(example());
  EXPECT_EQ(times("<polyline", svg), 3u);  // the gap cuts the first line in two
  EXPECT_EQ(times("<polygon", svg), 2u);
  EXPECT_EQ(times("<circle", svg), 4u);
  EXPECT_NE(svg.find("Accuracy &lt;all&gt; &amp; more"), std::string::npos);
  EXPECT_NE(svg.find("prefers-color-scheme:dark"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_EQ(times("<", svg), times(">", svg));
}

TEST(Chart, TellsAPointsValues) {
  const std::string svg = to_svg(example());
  EXPECT_NE(svg.find("<title>ours at 10: 80 ± 2</title>"), std::string::npos);
}

TEST(Chart, AsAPartOfAPageHasTheIdAndLeavesTitleAndStyleToThePage) {
  Chart chart = example();
  chart.series[0].name = "<b> \"quoted\" " + std::string(200, 'x');
  const std::string svg = to_inline_svg(chart, {380, 320}, "chart-7");
  EXPECT_TRUE(
      svg.starts_with("<svg aria-label=\"Accuracy &lt;all&gt; &amp; more\" class=\"chart\" viewBox=\"0 0 380 "));
  EXPECT_NE(svg.find("height=\"339\""), std::string::npos)
      << "a second line of names does not cost the lines their room";
  EXPECT_EQ(times("id=\"chart-7\"", svg), 1u);
  EXPECT_EQ(times("url(#chart-7)", svg), 1u);
  EXPECT_EQ(times("<style", svg), 0u);
  EXPECT_EQ(times("class=\"title\"", svg), 0u);
  EXPECT_EQ(times("<b>", svg), 0u);
  EXPECT_NE(svg.find("…</text>"), std::string::npos) << "a name wider than the chart is shortened";
  EXPECT_NE(chart_style().find("prefers-color-scheme:dark"), std::string::npos);
}

TEST(Chart, LinesCanShareAColourAndDifferInTheirStrokes) {
  Chart chart = example();
  chart.series[1].dashed = false;
  chart.series[1].dotted = true;
  chart.series[1].colour = 0;
  const std::string svg = to_svg(chart);
  EXPECT_EQ(times("class=\"line s1", svg), 0u);
  EXPECT_EQ(times("class=\"line s0 dotted\"", svg), 2u);  // the line and its mark in the legend
  EXPECT_EQ(times("class=\"line s0\"", svg), 3u);
}

TEST(Chart, HigherValuesAreHigherUp) {
  Chart chart;
  chart.series = {{"", {{0, 0}, {1, 10}}}};
  const std::string svg = to_svg(chart);
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  const std::size_t at = svg.find("<polyline");
  ASSERT_NE(at, std::string::npos);
  ASSERT_EQ(std::sscanf(svg.c_str() + svg.find("points=", at), "points=\"%lf,%lf %lf,%lf", &x0, &y0, &x1, &y1), 4);
  EXPECT_LT(x0, x1);
  EXPECT_GT(y0, y1);
}

TEST(Chart, KeepsGivenLimits) {
  Chart chart = example();
  chart.y_from = 0;
  chart.y_to = 100;
  const std::string svg = to_svg(chart);
  EXPECT_NE(svg.find(">0<"), std::string::npos);
  EXPECT_NE(svg.find(">100<"), std::string::npos);
}

TEST(Chart, DrawsNothingWithoutFalling) {
  Chart chart;
  EXPECT_EQ(times("<polyline", to_svg(chart)), 0u);
  chart.series = {{"empty", {}}, {"gap", {{0, NAN}, {INFINITY, 1}}}};
  EXPECT_EQ(times("<polyline", to_svg(chart)), 0u);
  chart.series = {{"one", {{3, 4}}}};
  const std::string svg = to_svg(chart);
  EXPECT_EQ(times("<circle", svg), 1u);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Chart, SavesOrSaysWhyNot) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "chart.svg";
  save_svg(example(), path);
  std::ifstream stream(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}), to_svg(example()));
  EXPECT_THROW(save_svg(example(), path / "chart.svg"), InputError);
}

}  // namespace
}  // namespace outrider::simulations
