// A matrix whose cells are coloured by their values: which class is taken for which, what is left of a task.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace outrider::simulations {

struct HeatMap {
  std::string title;
  std::string row_label;     // what the rows are: "true class"
  std::string column_label;  // likewise
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<double>>> values;  // a row for each of `rows`; nothing: was not measured
  std::vector<std::vector<std::string>> notes{};           // shown where the pointer rests; may be empty
  double from = 0, to = 1;                                 // the ends of the colour scale; from < to
  double scale = 1;                                        // cells show scale * value ...
  int decimals = 0;                                        // ... with so many digits after the point
  std::string unit{};                                      // for the scale and where the pointer rests: "%"
};

// As a part of an HTML page that has heat_map_style() among its rules: a table, so that it can be read aloud, copied
// and searched. Rows and columns beyond kMostHeatMapNames are left out, and a line says so.
constexpr std::size_t kMostHeatMapNames = 64;
std::string to_html(const HeatMap& map);
std::string heat_map_style();

}  // namespace outrider::simulations
