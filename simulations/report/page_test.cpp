#include "simulations/report/page.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include <gmock/gmock.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider::simulations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHostile = "</td></style></title><script>alert(1)</script><img src=x onerror='y'>\"";

Page page_of(const std::string& text) {
  Chart chart;
  chart.title = chart.x_label = chart.y_label = text;
  chart.series = {{text, {{0, 1}, {1, 2}}}};
  HeatMap map{
      .title = text, .row_label = text, .column_label = text, .rows = {text}, .columns = {text}, .values = {{1.0}}};
  Table table({text, "bytes"});
  table.row({text, "12"});
  Page page;
  page.title = page.notice = page.lead = text;
  page.figures = {{text, text, text}};
  page.facts = {{text, text}};
  for (const bool side_by_side : {false, true, true})
    page.section(text, side_by_side)
        .add(Paragraph{text})
        .add(chart)
        .add(map)
        .add(PageTable{text, table})
        .add(Bars{text, {{text, 3, text}}});
  return page;
}

std::size_t times_in(const std::string& html, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = html.find(part); at != html.npos; at = html.find(part, at + 1)) ++count;
  return count;
}

TEST(Page, IsClosedWhereItIsOpened) {
  const std::string html = to_html(page_of("plain"));
  for (const char* element : {"figure", "table", "tbody", "section", "svg", "div", "dl", "style", "main", "p", "nav"})
    EXPECT_EQ(times_in(html, std::string("<") + element + ">") + times_in(html, std::string("<") + element + " "),
              times_in(html, std::string("</") + element + ">"))
        << element;
}

TEST(Page, EscapesWhateverThingsAreCalled) {
  const std::string html = to_html(page_of(kHostile));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
  EXPECT_EQ(times_in(html, "</style>"), 1u);
  EXPECT_EQ(times_in(html, "</title>"), times_in(html, "<title>"));
}

TEST(Page, NeedsNothingElse) {
  const std::string html = to_html(page_of("plain"));
  for (const char* never : {"<script", "<link", "<img", "src=", "@import", "http:", "https:"})
    EXPECT_THAT(html, Not(HasSubstr(never)));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(html, HasSubstr("@media print"));
}

TEST(Page, GivesEveryIdOnce) {
  const std::string html = to_html(page_of("plain"));
  const std::regex id("id=\"([^\"]+)\"");
  std::set<std::string> seen;
  for (std::sregex_iterator found(html.begin(), html.end(), id), end; found != end; ++found)
    EXPECT_TRUE(seen.insert((*found)[1]).second) << (*found)[1];
  EXPECT_GE(seen.size(), 3u + 4u);  // sections; a chart in two sizes and two small ones
}

TEST(Page, PutsNumbersToTheRightAndRulesBetweenRows) {
  Table table({"client", "bytes"});
  table.row({"a", "12"}).rule().row({"all", "–"});
  Page page;
  page.section("Clients").add(PageTable{"", table});
  const std::string html = to_html(page);
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\">client</th><th scope=\"col\" class=\"n\">bytes</th>"));
  EXPECT_THAT(html, HasSubstr("<tr><td>a</td><td class=\"n\">12</td></tr>"));
  EXPECT_THAT(html, HasSubstr("<tr class=\"rule\"><td>all</td><td class=\"n\">–</td></tr>"));
}

TEST(Page, SaysHowManyRowsItDoesNotShow) {
  Table table({"client"});
  for (int client = 0; client < 5000; ++client) table.row({"client-" + std::to_string(client)});
  Page page;
  page.section("Clients").add(PageTable{"", table, 10, "clients.csv"});
  const std::string html = to_html(page);
  EXPECT_THAT(html, HasSubstr("client-9<"));
  EXPECT_THAT(html, Not(HasSubstr("client-10<")));
  EXPECT_THAT(html, HasSubstr("and 4,990 more, all of them in clients.csv"));
}

TEST(Page, DrawsBarsToTheLongest) {
  Page page;
  page.section("Bytes").add(
      Bars{"Bytes", {{"dense", 200, "200"}, {"mask", 50, "50"}, {"none", 0, "0"}, {"?", NAN, "–"}}});
  const std::string html = to_html(page);
  EXPECT_THAT(html, HasSubstr("width:100.00%"));
  EXPECT_THAT(html, HasSubstr("width:25.00%"));
  EXPECT_EQ(times_in(html, "<b style"), 2u);
}

TEST(Page, OfNothingIsAPage) {
  EXPECT_THAT(to_html(Page{}), HasSubstr("</html>"));
}

TEST(Page, SavesOrSaysWhyNot) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "report.html";
  save_html(page_of("plain"), path);
  std::ifstream stream(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}), to_html(page_of("plain")));
  EXPECT_THROW(save_html(page_of("plain"), path / "report.html"), InputError);
}

}  // namespace
}  // namespace outrider::simulations
