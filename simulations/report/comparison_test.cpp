#include "simulations/report/comparison.h"

#include <cmath>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Chart curve_of(const std::string& y_label, const std::vector<std::string>& lines) {
  Chart chart;
  chart.x_label = "tasks";
  chart.y_label = y_label;
  for (const std::string& line : lines) chart.series.push_back({line, {{1, 90}, {2, 80}}});
  return chart;
}

ComparedRun study(const std::string& label, const Summary& accuracy, double bytes) {
  ComparedRun run{label, {"study", label, "Title of " + label, {}, {}}};
  run.findings.figures = {{"accuracy", "masks", Unit::share, Better::higher, accuracy},
                          {"bytes per task", "masks", Unit::bytes, Better::lower, once(bytes)}};
  run.findings.curves = {curve_of("accuracy, %", {"masks", "fine-tuning"})};
  run.findings.settings = {{"seed", "1"}, {"density", label}};
  return run;
}

TEST(Comparison, ShowsDifferencesToTheFirstRunAndWhichIsBest) {
  const Comparison comparison = compare(
      {study("a", {3, 0.90, 0.01}, 2000), study("b", {3, 0.95, 0.01}, 1500), study("c", {3, 0.91, 0.02}, 4000)});
  const Table table = figures_table(comparison);
  EXPECT_THAT(table.headings(), ElementsAre("figure", "of", "a", "b", "difference", "c", "difference", "best"));
  EXPECT_THAT(table.rows()[0], ElementsAre("accuracy", "masks", "90.00 ± 1.00 %", "95.00 ± 1.00 %", "+5.00 pp",
                                           "91.00 ± 2.00 %", "(+1.00 pp)", "b"));
  EXPECT_TRUE(table.rows()[1].empty()) << "a rule";
  EXPECT_THAT(table.rows()[2],
              ElementsAre("bytes per task", "masks", "2,000", "1,500", "−25.0 %", "4,000", "+100.0 %", "b"));
}

TEST(Comparison, KnowsNoBestWhereNoneIs) {
  ComparedRun a = study("a", once(0.9), 10), b = study("b", once(0.9), 20);
  b.findings.figures[1].value = once(NAN);
  a.findings.figures.push_back({"overlap", "", Unit::share, Better::neither, once(0.1)});
  b.findings.figures.push_back({"overlap", "", Unit::share, Better::neither, once(0.2)});
  const Comparison comparison = compare({a, b});
  EXPECT_FALSE(comparison.figures[0].best()) << "both are the same";
  EXPECT_EQ(comparison.figures[1].best(), 0u) << "the other is not known";
  EXPECT_FALSE(comparison.figures[2].best()) << "neither direction is better";
  const Comparison noisy = compare({study("a", {3, 0.90, 0.02}, 10), study("b", {3, 0.91, 0.02}, 10)});
  EXPECT_FALSE(noisy.figures[0].best()) << "as far as one can tell";
  EXPECT_EQ(figures_table(comparison).rows()[2][4], "–");
}

TEST(Comparison, LeavesOutWhatOneRunAloneHas) {
  ComparedRun a = study("a", once(0.9), 10), b = study("b", once(0.8), 20), c = study("c", once(0.7), 30);
  a.findings.figures.push_back({"only here", "", Unit::number, Better::neither, once(1)});
  c.findings.figures.pop_back();
  const Comparison comparison = compare({a, b, c});
  ASSERT_EQ(comparison.figures.size(), 2u);
  EXPECT_FALSE(comparison.figures[1].values[2]);
  EXPECT_THAT(figures_table(comparison).rows()[2],
              ElementsAre("bytes per task", "masks", "10", "20", "+100.0 %", "–", "–", "a"));
}

TEST(Comparison, PutsFiguresOfOneNameTogether) {
  ComparedRun a = study("a", once(0.9), 10), b = study("b", once(0.8), 20);
  for (ComparedRun* run : {&a, &b})
    run->findings.figures.push_back({"accuracy", "fine-tuning", Unit::share, Better::higher, once(0.5)});
  const Comparison comparison = compare({a, b});
  ASSERT_EQ(comparison.figures.size(), 3u);
  EXPECT_EQ(comparison.figures[1].figure.of, "fine-tuning");
}

TEST(Comparison, NamesTheSettingsThatDiffer) {
  const Comparison comparison = compare({study("a", once(0.9), 10), study("b", once(0.8), 20)});
  ASSERT_EQ(comparison.settings.size(), 1u);
  EXPECT_THAT(settings_table(comparison).rows()[0], ElementsAre("density", "a", "b"));
}

TEST(Comparison, OfRunsWithoutAFigureInCommonIsRefused) {
  ComparedRun other = study("b", once(0.9), 10);
  other.findings.kind = "mission";
  for (Figure& figure : other.findings.figures) figure.of = "something else";
  try {
    compare({study("a", once(0.9), 10), other});
    FAIL() << "they have nothing in common";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "b (kind 'mission') has no figure in common with a (kind 'study')");
  }
}

TEST(Comparison, OverlaysTheLinesThatRunsShare) {
  ComparedRun a = study("a", once(0.9), 10), b = study("b", once(0.8), 20);
  b.findings.curves = {curve_of("accuracy, %", {"fine-tuning", "ewc"}), curve_of("seconds", {"all"})};
  const std::vector<Chart> charts = overlaid_curves(compare({a, b}));
  ASSERT_EQ(charts.size(), 1u);
  EXPECT_EQ(charts[0].title, "fine-tuning");
  ASSERT_EQ(charts[0].series.size(), 2u);
  EXPECT_EQ(charts[0].series[1].name, "b");
  EXPECT_EQ(charts[0].series[1].colour, 1u);
}

TEST(Comparison, OverlaysAllLinesWhereNoneIsShared) {
  ComparedRun a = study("a", once(0.9), 10), b = study("b", once(0.8), 20);
  b.findings.curves = {curve_of("accuracy, %", {"ewc"})};
  const std::vector<Chart> charts = overlaid_curves(compare({a, b}));
  ASSERT_EQ(charts.size(), 1u);
  ASSERT_EQ(charts[0].series.size(), 3u);
  EXPECT_EQ(charts[0].series[2].name, "b: ewc");
}

TEST(Comparison, IsAPageAndJson) {
  const Comparison comparison = compare({study("a<b>", {3, 0.90, 0.01}, 2000), study("b", {3, 0.905, 0.01}, 1500)});
  const std::string html = to_html(comparison_page(comparison));
  EXPECT_THAT(html, HasSubstr("<h1>a&lt;b&gt; and b</h1>"));
  EXPECT_THAT(html, HasSubstr("(+0.50 pp)"));
  const nlohmann::json json = as_json(comparison);
  EXPECT_EQ(json.at("runs")[1].at("title"), "Title of b");
  const nlohmann::json& accuracy = json.at("figures")[0];
  EXPECT_EQ(accuracy.at("values")[0].at("mean"), 0.90);
  EXPECT_NEAR(accuracy.at("differences_to_first")[0].at("mean").get<double>(), 0.005, 1e-12);
  EXPECT_TRUE(accuracy.at("differences_to_first")[0].at("within_deviations").get<bool>());
  EXPECT_TRUE(accuracy.at("best").is_null());
  EXPECT_EQ(json.at("figures")[1].at("best"), "b");
  EXPECT_EQ(json.at("different_settings").at("density")[1], "b");
}

}  // namespace
}  // namespace outrider::simulations
