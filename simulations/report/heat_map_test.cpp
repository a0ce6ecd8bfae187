#include "simulations/report/heat_map.h"

#include <cmath>

#include <gmock/gmock.h>

#include "simulations/report/colour_scale.h"

namespace outrider::simulations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

HeatMap two_classes() {
  HeatMap map;
  map.title = "Taken for";
  map.row_label = "true class";
  map.column_label = "predicted class";
  map.rows = map.columns = {"coat", "shirt"};
  map.values = {{0.9, 0.1}, {std::nullopt, 1.0}};
  map.notes = {{"90 of 100", ""}, {}};
  map.scale = 100;
  map.unit = "%";
  return map;
}

TEST(HeatMap, ShowsValuesInTheColoursOfTheirLevels) {
  const std::string html = to_html(two_classes());
  EXPECT_THAT(html,
              HasSubstr("<td class=\"l29\" title=\"true class coat, predicted class coat: 90 % (90 of 100)\">90</td>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"l32\" title=\"true class shirt, predicted class shirt: 100 %\">100</td>"));
}

TEST(HeatMap, ShowsWhatIsMissingAsMissing) {
  HeatMap map = two_classes();
  EXPECT_THAT(to_html(map),
              HasSubstr("class=\"none\" title=\"true class shirt, predicted class coat: not measured\">·"));
  map.values = {{NAN}};
  const std::string html = to_html(map);
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_THAT(html, HasSubstr("class=\"none\"")) << "a matrix may end early";
}

TEST(HeatMap, EscapesNames) {
  HeatMap map = two_classes();
  map.title = map.row_label = map.column_label = map.rows[0] = map.columns[1] = map.unit = "\"><script>";
  map.notes[0][0] = "<b>";
  const std::string html = to_html(map);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
}

TEST(HeatMap, LeavesOutWhatNobodyCouldRead) {
  HeatMap map = two_classes();
  map.rows = map.columns = std::vector<std::string>(600, "x");
  const std::string html = to_html(map);
  EXPECT_THAT(html, HasSubstr("The first 64 × 64 of 600 × 600."));
  EXPECT_LT(html.size(), 1'000'000u);
}

TEST(ColourScale, CanBeReadAtEveryLevel) {
  for (const auto& colours : {light_page_colours(), dark_page_colours()})
    for (const Rgb& ground : colours) EXPECT_GE(contrast(text_colour_on(ground), ground), 4.5) << css_colour(ground);
}

TEST(ColourScale, GrowsDarkerOnLightPagesAndLighterOnDarkOnes) {
  const Rgb white{1, 1, 1};
  for (std::size_t level = 1; level < kColourLevels; ++level) {
    EXPECT_GT(contrast(white, light_page_colours().at(level)), contrast(white, light_page_colours().at(level - 1)));
    EXPECT_LT(contrast(white, dark_page_colours().at(level)), contrast(white, dark_page_colours().at(level - 1)));
  }
}

TEST(ColourScale, EndsWhereItIsToldTo) {
  EXPECT_EQ(colour_level(0.5, 0.5, 1), 0u);
  EXPECT_EQ(colour_level(0.75, 0.5, 1), 16u);
  EXPECT_EQ(colour_level(1, 0.5, 1), 32u);
  EXPECT_EQ(colour_level(-7, 0.5, 1), 0u);
  EXPECT_EQ(colour_level(7, 0.5, 1), 32u);
}

}  // namespace
}  // namespace outrider::simulations
