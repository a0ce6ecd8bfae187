#include "simulations/report/table.h"

#include <algorithm>
#include <cassert>
#include <ostream>

#include "knowledge/error.h"
#include "simulations/report/display_width.h"

namespace outrider::simulations {
namespace {

constexpr std::string_view kGap = "  ";

bool is_missing(std::string_view cell) {
  return cell.empty() || cell == "-" || cell == "–" || cell == "—";
}

std::vector<std::string> on_one_line(std::vector<std::string> cells) {
  for (std::string& cell : cells)
    std::replace_if(
        cell.begin(), cell.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  return cells;
}

std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                 const std::vector<bool>& to_the_right) {
  std::string text;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (column > 0) text += kGap;
    text += to_the_right[column] ? pad_left(cells[column], widths[column]) : pad_right(cells[column], widths[column]);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + '\n';
}

}  // namespace

bool looks_numeric(std::string_view cell) {
  for (const std::string_view sign : {"(", "[", "+", "-", "−", "±", "<", ">", "~", "."})
    if (cell.starts_with(sign)) cell.remove_prefix(sign.size());
  return !cell.empty() && cell.front() >= '0' && cell.front() <= '9';
}

Table::Table(std::vector<std::string> headings) : headings_(on_one_line(std::move(headings))) {
  assert(!headings_.empty());
}

Table& Table::row(std::vector<std::string> cells) {
  if (cells.size() > headings_.size())
    throw InputError("a row of " + std::to_string(cells.size()) + " cells was given to a table of " +
                     std::to_string(headings_.size()) + " columns");
  cells.resize(headings_.size());
  rows_.push_back(on_one_line(std::move(cells)));
  return *this;
}

Table& Table::rule() {
  rows_.emplace_back();
  return *this;
}

bool Table::is_numeric(std::size_t column) const {
  bool any = false;
  for (const auto& cells : rows_) {
    if (cells.empty() || is_missing(cells[column])) continue;
    if (!looks_numeric(cells[column])) return false;
    any = true;
  }
  return any;
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> result;
  for (std::size_t column = 0; column < headings_.size(); ++column) {
    result.push_back(display_width(headings_[column]));
    for (const auto& cells : rows_)
      if (!cells.empty()) result[column] = std::max(result[column], display_width(cells[column]));
  }
  return result;
}

std::string Table::text() const {
  const auto columns = widths();
  std::vector<bool> to_the_right;
  for (std::size_t column = 0; column < headings_.size(); ++column) to_the_right.push_back(is_numeric(column));
  std::size_t total = kGap.size() * (columns.size() - 1);
  for (const std::size_t width : columns) total += width;
  std::string rule;
  for (std::size_t i = 0; i < total; ++i) rule += "─";
  rule += '\n';

  std::string text = line(headings_, columns, to_the_right) + rule;
  for (const auto& cells : rows_) text += cells.empty() ? rule : line(cells, columns, to_the_right);
  return text;
}

std::ostream& operator<<(std::ostream& stream, const Table& table) {
  return stream << table.text();
}

}  // namespace outrider::simulations
