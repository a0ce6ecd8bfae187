#include "simulations/report/table.h"

#include <sstream>

#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

TEST(Table, AlignsTextLeftAndNumbersRight) {
  Table table({"method", "accuracy", "bytes per class"});
  table.row({"prototypes", "96.41 ± 0.20 %", "312"});
  table.row({"Größenwahn", "8.00 %", "1,234"});
  std::ostringstream stream;
  stream << table;
  EXPECT_EQ(stream.str(),
            "method            accuracy  bytes per class\n"
            "───────────────────────────────────────────\n"
            "prototypes  96.41 ± 0.20 %              312\n"
            "Größenwahn          8.00 %            1,234\n");
}

TEST(Table, MissingFiguresAndRules) {
  Table table({"a", "n"});
  table.row({"x", "10"}).rule().row({"y", "—"}).row({"z"});
  EXPECT_EQ(table.text(),
            "a   n\n"
            "─────\n"
            "x  10\n"
            "─────\n"
            "y   —\n"
            "z\n");
}

TEST(Table, WithoutRowsShowsItsHeadings) {
  EXPECT_EQ(Table({"a", "bc"}).text(), "a  bc\n─────\n");
}

TEST(Table, CellsStayOnTheirLine) {
  Table table({"a"});
  table.row({"x\ny\x1b"});
  EXPECT_EQ(table.text(), "a\n────\nx y\n");
}

TEST(Table, RefusesCellsWithoutColumn) {
  EXPECT_THROW(Table({"a"}).row({"1", "2"}), InputError);
}

TEST(Table, KnowsNumbers) {
  for (const char* cell : {"1", "-1.5", "+2", "98 %", "1,234", "(3)", "<0.1", "−4", "1.2 KB", "1/3", ".5", "± 3"})
    EXPECT_EQ(looks_numeric(cell), std::string_view(cell) != "± 3") << cell;
  for (const char* cell : {"", "a1", "conv4", "-", "( 3)", "nan"}) EXPECT_FALSE(looks_numeric(cell)) << cell;
}

}  // namespace
}  // namespace outrider::simulations
