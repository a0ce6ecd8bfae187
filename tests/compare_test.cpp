// Reports of runs laid side by side by the real program, and what it says to those that cannot be.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "simulations/report/findings.h"
#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

using nlohmann::json;
using simulations::Better;
using simulations::Chart;
using simulations::Findings;
using simulations::Unit;
using ::testing::HasSubstr;

class Compare : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }

  // A run's directory with a report; returns its path.
  std::string finished_run(const std::string& name, double accuracy, const std::string& figure = "accuracy") {
    Findings findings{"study", name, "Study <" + name + ">", {}, {}};
    findings.figures = {{figure, "masks", Unit::share, Better::higher, {3, accuracy, 0.001}}};
    Chart curve;
    curve.x_label = "tasks";
    curve.y_label = "accuracy, %";
    curve.series = {{"masks", {{1, 90, 1}, {2, 100 * accuracy, 1}}}};
    findings.curves = {curve};
    json report{{"scenario", {{"name", name}, {"seed", 1}}}};
    add_findings(findings, report);
    std::filesystem::create_directories(path(name));
    write_text(path(name) + "/report.json", report.dump());
    return path(name);
  }

  TemporaryDirectory directory_;
};

TEST_F(Compare, LaysRunsSideBySideOnTheTerminalAndOnAPage) {
  const std::string first = finished_run("first", 0.9), second = finished_run("second", 0.95);
  const Outcome outcome = run({"compare", first, second + "/report.json", "--html", path("page.html")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  for (const char* expected : {"first", "second", "90.00 ± 0.10 %", "95.00 ± 0.10 %", "+5.00 pp"})
    EXPECT_THAT(outcome.output, HasSubstr(expected));
  const std::string page = text_of_file(path("page.html"));
  EXPECT_THAT(page, HasSubstr("Study &lt;first&gt;"));
  EXPECT_THAT(page, HasSubstr("<svg"));
}

TEST_F(Compare, SpeaksToProgramsToo) {
  const Outcome outcome = run({"compare", finished_run("first", 0.9), finished_run("second", 0.95), "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json comparison = json::parse(outcome.output);
  EXPECT_EQ(comparison.at("runs")[1].at("label"), "second");
  EXPECT_NEAR(comparison.at("figures")[0].at("differences_to_first")[0].at("mean").get<double>(), 0.05, 1e-12);
}

TEST_F(Compare, NamesWhatIsNoReport) {
  const std::string good = finished_run("good", 0.9);
  std::filesystem::create_directories(path("empty"));
  expect_complaint(run({"compare", good, path("empty")}), kFailure, {path("empty"), "holds no report.json"});
  expect_complaint(run({"compare", good, path("nowhere")}), kFailure, {path("nowhere"), "does not exist"});
  write_text(path("empty") + "/report.json", "{\"kind\": ");
  expect_complaint(run({"compare", good, path("empty")}), kFailure, {path("empty") + "/report.json", "no JSON"});
  write_text(path("empty") + "/report.json", "{\"clients\": []}");
  expect_complaint(run({"compare", good, path("empty")}), kFailure, {"lacks 'kind'", "earlier version"});
}

TEST_F(Compare, ReadsReportsUpToALimit) {
  const std::string good = finished_run("good", 0.9);
  std::filesystem::create_directories(path("vast"));
  write_text(path("vast") + "/report.json", "x");
  std::filesystem::resize_file(path("vast") + "/report.json", (256U << 20U) + 1);
  expect_complaint(run({"compare", good, path("vast")}), kFailure,
                   {path("vast") + "/report.json", "at most 268435456"});
}

TEST_F(Compare, RefusesRunsWithNothingInCommon) {
  const std::string first = finished_run("first", 0.9), other = finished_run("other", 0.9, "height of the tide");
  expect_complaint(run({"compare", first, other}), kFailure, {"other", "no figure in common", "first"});
}

TEST_F(Compare, SaysWhenThePageCannotBeWritten) {
  const std::string first = finished_run("first", 0.9), second = finished_run("second", 0.95);
  expect_complaint(run({"compare", first, second, "--html", path("no/page.html")}), kFailure,
                   {path("no/page.html"), "cannot be written"});
}

TEST_F(Compare, OverwritesAPageOnlyWhereThatIsMeant) {
  const std::string first = finished_run("first", 0.9), second = finished_run("second", 0.95);
  write_text(path("page.html"), "years of work");
  expect_complaint(run({"compare", first, second, "--html", path("page.html")}), kFailure,
                   {path("page.html"), "is there already", "--replace"});
  EXPECT_EQ(text_of_file(path("page.html")), "years of work");
  EXPECT_EQ(run({"compare", first, second, "--html", path("page.html"), "--replace"}).exit_code, 0);
  EXPECT_THAT(text_of_file(path("page.html")), HasSubstr("<svg"));
}

TEST_F(Compare, NeedsTwoRunsAndHelpsWithAnExample) {
  expect_complaint(run({"compare", finished_run("first", 0.9)}), kUsage, {"runs", "--help"});
  const Outcome help = run({"compare", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, HasSubstr("Example:"));
}

}  // namespace
}  // namespace outrider::testing
