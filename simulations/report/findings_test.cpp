#include "simulations/report/findings.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider::simulations {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Findings small_findings() {
  Findings findings;
  findings.kind = "mission";
  findings.name = "small";
  findings.title = "Small";
  findings.figures = {{"accuracy", "after merging", Unit::share, Better::higher, {3, 0.9, 0.01}},
                      {"bytes per class", "", Unit::bytes, Better::lower, once(312)},
                      {"never measured", "", Unit::number, Better::neither, once(NAN)}};
  Chart chart;
  chart.title = "Accuracy";
  chart.x_label = "classes";
  chart.y_label = "accuracy, %";
  chart.y_to = 100;
  chart.series = {{"ours", {{1, 90, 2}, {2, NAN, 0}}}};
  findings.curves = {chart};
  return findings;
}

json small_report() {
  json report{{"scenario", {{"seed", 1}, {"mission", {{"clients", 4}, {"names", {"a", "b"}}}}, {"rate", 0.001F}}}};
  add_findings(small_findings(), report);
  return report;
}

std::string objection_to(const json& report) {
  try {
    findings_in(report, "x/report.json");
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

TEST(Findings, AreReadAsTheyWereWritten) {
  const Findings expected = small_findings();
  const Findings read = findings_in(json::parse(small_report().dump()), "x/report.json");
  EXPECT_EQ(read.kind, "mission");
  EXPECT_EQ(read.name, "small");
  EXPECT_EQ(read.title, "Small");
  ASSERT_EQ(read.figures.size(), 3u);
  EXPECT_EQ(read.figures[0].of, "after merging");
  EXPECT_EQ(read.figures[0].unit, Unit::share);
  EXPECT_EQ(read.figures[0].better, Better::higher);
  EXPECT_EQ(read.figures[0].value, expected.figures[0].value);
  EXPECT_EQ(read.figures[1].of, "");
  EXPECT_TRUE(std::isnan(read.figures[2].value.mean));
  ASSERT_EQ(read.curves.size(), 1u);
  EXPECT_EQ(read.curves[0].y_label, "accuracy, %");
  EXPECT_EQ(read.curves[0].y_to, 100);
  EXPECT_FALSE(read.curves[0].y_from);
  EXPECT_EQ(read.curves[0].series[0].points[0].spread, 2);
  EXPECT_TRUE(std::isnan(read.curves[0].series[0].points[1].y));
}

TEST(Findings, KnowTheSettingsByTheirPaths) {
  using Setting = Settings::value_type;
  EXPECT_THAT(findings_in(small_report(), "").settings,
              ::testing::UnorderedElementsAre(Setting{"seed", "1"}, Setting{"mission.clients", "4"},
                                              Setting{"mission.names", "a, b"}, Setting{"rate", "0.001"}));
}

TEST(Findings, OfAnotherFormAreRefusedWithTheNameOfTheReport) {
  for (const char* key : {"kind", "name", "title", "figures", "curves"}) {
    json report = small_report();
    report.erase(key);
    EXPECT_THAT(objection_to(report), ::testing::AllOf(HasSubstr("x/report.json"), HasSubstr(key)));
    report[key] = 7;
    EXPECT_THAT(objection_to(report), ::testing::AllOf(HasSubstr("x/report.json"), HasSubstr(key)));
  }
  for (const json& no_report : {json(), json(3), json("text"), json::array({1, 2})})
    EXPECT_THAT(objection_to(no_report), HasSubstr("kind"));
  const auto spoilt = [](const char* path, const json& value) {
    json report = small_report();
    report[json::json_pointer(path)] = value;
    return objection_to(report);
  };
  EXPECT_THAT(spoilt("/figures/0", 3), HasSubstr("name"));
  EXPECT_THAT(spoilt("/figures/0/unit", "furlongs"), HasSubstr("furlongs"));
  EXPECT_THAT(spoilt("/figures/0/better", "redder"), HasSubstr("redder"));
  EXPECT_THAT(spoilt("/figures/0/mean", "high"), HasSubstr("mean"));
  EXPECT_THAT(spoilt("/figures/0/count", -1), HasSubstr("count"));
  EXPECT_THAT(spoilt("/curves/0/series", "none"), HasSubstr("series"));
  EXPECT_THAT(spoilt("/curves/0/series/0/points/0", {1, 2}), HasSubstr("point"));
  EXPECT_THAT(spoilt("/curves/0/series/0/points/0/1", "x"), HasSubstr("points"));
}

class ReportFiles : public ::testing::Test {
 protected:
  std::string objection_to_loading(const std::filesystem::path& run) {
    try {
      load_findings(run);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }
  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

  TemporaryDirectory directory_;
};

TEST_F(ReportFiles, AreFoundByTheirDirectoryOrTheirName) {
  std::ofstream(path("report.json")) << small_report();
  EXPECT_EQ(load_findings(directory_.path()).name, "small");
  EXPECT_EQ(load_findings(path("report.json")).name, "small");
}

TEST_F(ReportFiles, ThatAreNoneAreNamed) {
  EXPECT_THAT(objection_to_loading(path("nowhere")), HasSubstr("nowhere does not exist"));
  EXPECT_THAT(objection_to_loading(directory_.path()), HasSubstr("holds no report.json"));
  EXPECT_THAT(objection_to_loading("/dev/null"), HasSubstr("is no file"));
  std::ofstream(path("report.json")) << "{\n\"kind\": \"mission\",\n oops";
  EXPECT_THAT(objection_to_loading(directory_.path()), HasSubstr("report.json is no JSON: line 3"));
  std::ofstream(path("report.json")) << std::string(100'000, '[');
  EXPECT_THAT(objection_to_loading(directory_.path()), HasSubstr("too deeply"));
  std::ofstream(path("report.json")) << "";
  EXPECT_THAT(objection_to_loading(directory_.path()), HasSubstr("no JSON: line 1"));
}

}  // namespace
}  // namespace outrider::simulations
