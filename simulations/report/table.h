// Tables for people: aligned on the terminal, and on pages (page.h).
//
//   Table table({"method", "accuracy", "bytes per class"});
//   table.row({"prototypes", "96.41 ± 0.20 %", "312"});
//   std::cout << table;
//
//   method      accuracy        bytes per class
//   ───────────────────────────────────────────
//   prototypes  96.41 ± 0.20 %              312
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::simulations {

// A column goes to the right if every filled cell below its heading starts with a digit (after a sign or an opening
// bracket) or stands for a missing number: empty, "-", "–" or "—".
class Table {
 public:
  // At least one column.
  explicit Table(std::vector<std::string> headings);

  // A short row is filled up with empty cells. Throws InputError when it has more cells than there are columns. Line
  // breaks and other control characters become spaces.
  Table& row(std::vector<std::string> cells);
  // A line between the rows above and below.
  Table& rule();

  // Ends with a line break; no line ends with spaces.
  std::string text() const;

  const std::vector<std::string>& headings() const { return headings_; }
  // An empty one is a rule; the others have a cell for each heading.
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  // Whether the column goes to the right.
  bool is_numeric(std::size_t column) const;

 private:
  std::vector<std::size_t> widths() const;

  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

std::ostream& operator<<(std::ostream& stream, const Table& table);

// Whether a cell counts as a number for the alignment.
bool looks_numeric(std::string_view cell);

}  // namespace outrider::simulations
