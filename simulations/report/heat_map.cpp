#include "simulations/report/heat_map.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "simulations/report/colour_scale.h"
#include "simulations/report/display_width.h"
#include "simulations/report/figure.h"
#include "simulations/report/markup.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kLevelsShown = 9;        // of the scale below the map
constexpr std::size_t kWidestUprightName = 3;  // wider column names stand on end

std::size_t shown(const std::vector<std::string>& names) {
  return std::min(names.size(), kMostHeatMapNames);
}

std::string value_text(const HeatMap& map, double value) {
  return fmt::format("{:.{}f}", map.scale * value, map.decimals);
}

std::string with_unit(const HeatMap& map, double value) {
  return value_text(map, value) + (map.unit.empty() ? "" : " " + map.unit);
}

std::string hint(const HeatMap& map, std::size_t row, std::size_t column, const std::optional<double>& value) {
  std::string text = fmt::format("{} {}, {} {}: {}", map.row_label, map.rows[row], map.column_label,
                                 map.columns[column], value ? with_unit(map, *value) : "not measured");
  if (row < map.notes.size() && column < map.notes[row].size() && !map.notes[row][column].empty())
    text += fmt::format(" ({})", map.notes[row][column]);
  return escaped(text);
}

// NaN where nothing was measured.
double value_at(const HeatMap& map, std::size_t row, std::size_t column) {
  if (row >= map.values.size() || column >= map.values[row].size()) return NAN;
  const std::optional<double>& value = map.values[row][column];
  return value ? *value : NAN;
}

std::string cell(const HeatMap& map, std::size_t row, std::size_t column) {
  const double value = value_at(map, row, column);
  if (!std::isfinite(value))
    return fmt::format("<td class=\"none\" title=\"{}\">·</td>", hint(map, row, column, std::nullopt));
  return fmt::format("<td class=\"l{}\" title=\"{}\">{}</td>", colour_level(value, map.from, map.to),
                     hint(map, row, column, value), value_text(map, value));
}

std::string head(const HeatMap& map) {
  const std::size_t columns = shown(map.columns);
  std::size_t widest = 0;
  for (std::size_t column = 0; column < columns; ++column)
    widest = std::max(widest, display_width(map.columns[column]));
  std::string text = fmt::format("<thead><tr><td></td><td></td><th class=\"axis\" colspan=\"{}\">{}</th></tr>\n",
                                 columns, escaped(map.column_label));
  text += fmt::format("<tr{}><td></td><td></td>", widest > kWidestUprightName ? " class=\"standing\"" : "");
  for (std::size_t column = 0; column < columns; ++column)
    text += fmt::format("<th scope=\"col\"><span>{}</span></th>", escaped(map.columns[column]));
  return text + "</tr></thead>\n";
}

std::string body(const HeatMap& map) {
  std::string text = "<tbody>\n";
  for (std::size_t row = 0; row < shown(map.rows); ++row) {
    text += "<tr>";
    if (row == 0)
      text += fmt::format("<th class=\"axis down\" rowspan=\"{}\"><span>{}</span></th>", shown(map.rows),
                          escaped(map.row_label));
    text += fmt::format("<th scope=\"row\">{}</th>", escaped(map.rows[row]));
    for (std::size_t column = 0; column < shown(map.columns); ++column) text += cell(map, row, column);
    text += "</tr>\n";
  }
  return text + "</tbody>";
}

// The scale, from its one end to the other.
std::string legend(const HeatMap& map) {
  std::string text = fmt::format("<p class=\"scale\">{}", escaped(with_unit(map, map.from)));
  for (std::size_t i = 0; i < kLevelsShown; ++i)
    text += fmt::format("<i class=\"l{}\"></i>", i * (kColourLevels - 1) / (kLevelsShown - 1));
  return text + escaped(with_unit(map, map.to)) + "</p>\n";
}

std::string what_is_missing(const HeatMap& map) {
  if (shown(map.rows) == map.rows.size() && shown(map.columns) == map.columns.size()) return "";
  return fmt::format("<p class=\"more\">The first {} × {} of {} × {}.</p>\n",
                     grouped(static_cast<double>(shown(map.rows))), grouped(static_cast<double>(shown(map.columns))),
                     grouped(static_cast<double>(map.rows.size())), grouped(static_cast<double>(map.columns.size())));
}

}  // namespace

std::string to_html(const HeatMap& map) {
  assert(map.from < map.to);
  return fmt::format(
             "<figure class=\"scaled\"><figcaption>{0}</figcaption>\n"
             "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table class=\"heat\">\n",
             escaped(map.title)) +
         head(map) + body(map) + "</table></div>\n" + legend(map) + what_is_missing(map) + "</figure>\n";
}

std::string heat_map_style() {
  return colour_scale_style() +
         "table.heat{border-collapse:separate;border-spacing:1px;font-size:12px;width:auto}"
         ".heat th,.heat td{border:0;padding:.2em .35em;font-weight:400;text-align:center}"
         ".heat td{min-width:2.7em;height:2.1em;font-variant-numeric:tabular-nums;border-radius:2px}"
         ".heat thead td{min-width:0;height:auto;padding:0}"
         ".heat th{color:var(--soft);white-space:nowrap;background:none;position:static}"
         ".heat th[scope=row]{text-align:right;max-width:12em;overflow:hidden;text-overflow:ellipsis}"
         ".heat th.axis{color:var(--faint)}.heat .down span{writing-mode:vertical-rl;transform:rotate(180deg)}"
         ".heat .standing span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:12em;overflow:hidden;"
         "text-overflow:ellipsis}.heat .standing th{vertical-align:bottom}"
         ".heat .none{color:var(--faint);background:repeating-linear-gradient(135deg,transparent 0 4px,var(--line) 4px "
         "5px)}"
         ".scale{display:flex;align-items:center;font-size:12px;color:var(--soft);margin:.4em 0 0;gap:1px}"
         ".scale i{width:1.4em;height:.8em}.scale i:first-of-type{margin-left:.5em}.scale "
         "i:last-of-type{margin-right:.5em}"
         "@media print{.heat td,.scale i{print-color-adjust:exact;-webkit-print-color-adjust:exact}}";
}

}  // namespace outrider::simulations
