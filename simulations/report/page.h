// Reports as one HTML file that needs nothing else: no script, no font, no other file. A page follows the reader's
// light or dark setting, fits a narrow window, and prints.
//
//   Page page;
//   page.title = "Four clients, ten classes";
//   page.lead = "After four rendezvous every client tells ten classes apart.";
//   page.figures = {{"accuracy", "87.31 %", "upper bound 87.31 %"}};
//   Section& section = page.section("Accuracy");
//   section.add(curve).add(PageTable{"After each rendezvous", table});
//   save_html(page, directory / "report.html");
//
// All texts are plain: whatever a data set or a scenario calls its things, it shows as that and is never markup.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "simulations/report/chart.h"
#include "simulations/report/heat_map.h"
#include "simulations/report/table.h"

namespace outrider::simulations {

// What a reader should see first.
struct KeyFigure {
  std::string name;
  std::string value;
  std::string note{};  // in small letters below it
};

struct Paragraph {
  std::string text;
};

// Numeric columns (Table::is_numeric) go to the right; a long table scrolls under its headings.
struct PageTable {
  std::string title;
  Table table;
  std::size_t shown = 200;  // rows; below them it says how many more there are
  std::string rest{};       // and where they are: "clients.csv"
};

// Bars from zero, for few values of one kind.
struct Bars {
  struct Bar {
    std::string name;
    double value = 0;  // not negative
    std::string text{};
  };
  std::string title;
  std::vector<Bar> bars;
};

using Block = std::variant<Paragraph, Chart, HeatMap, PageTable, Bars>;

struct Section {
  std::string heading;
  std::vector<Block> blocks{};
  bool side_by_side = false;  // as many blocks in a row as fit; charts are drawn smaller

  Section& add(Block block);
};

struct Page {
  std::string title;
  std::string notice{};  // stands out above all else: why the page is not to be taken for a whole one
  std::string lead;
  std::vector<KeyFigure> figures;
  std::vector<Section> sections;
  std::vector<std::pair<std::string, std::string>> facts;  // how it came about: data, seed, version

  // Adds one; valid until the next is added.
  Section& section(std::string heading, bool side_by_side = false);
};

std::string to_html(const Page& page);
// Replaces the file. Throws InputError when it cannot be written.
void save_html(const Page& page, const std::filesystem::path& path);

}  // namespace outrider::simulations
