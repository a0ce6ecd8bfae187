#include "simulations/report/figure.h"

#include <cmath>

#include <gtest/gtest.h>

namespace outrider::simulations {
namespace {

TEST(Figure, ReadsAsPeopleWriteIt) {
  EXPECT_EQ(to_text(Unit::share, once(0.98765)), "98.77 %");
  EXPECT_EQ(to_text(Unit::share, {3, 0.5, 0.0123}), "50.00 ± 1.23 %");
  EXPECT_EQ(to_text(Unit::bytes, once(1234567.4)), "1,234,567");
  EXPECT_EQ(to_text(Unit::bytes, {2, 1500, 20}), "1,500 ± 20");
  EXPECT_EQ(to_text(Unit::seconds, once(0.01234)), "0.0123 s");
  EXPECT_EQ(to_text(Unit::bytes, {2, 1500, 0.1}), "1,500");
  EXPECT_EQ(to_text(Unit::seconds, {3, 0.1, 0.00213}), "0.100 ± 0.002 s");
  EXPECT_EQ(to_text(Unit::seconds, {3, 12.345, 1.2}), "12.3 ± 1.2 s");
  EXPECT_EQ(to_text(Unit::seconds, once(0)), "0 s");
  EXPECT_EQ(to_text(Unit::seconds, once(1234.5)), "1,235 s");
  EXPECT_EQ(to_text(Unit::number, once(-12)), "−12");
  EXPECT_EQ(to_text(Unit::number, once(NAN)), "–");
}

TEST(Figure, DiffersInPointsOrPercent) {
  EXPECT_EQ(difference_text(Unit::share, once(0.5), once(0.5125)), "+1.25 pp");
  EXPECT_EQ(difference_text(Unit::share, once(0.5), once(0.25)), "−25.00 pp");
  EXPECT_EQ(difference_text(Unit::bytes, once(200), once(150)), "−25.0 %");
  EXPECT_EQ(difference_text(Unit::number, once(-4), once(-2)), "+50.0 %");
  EXPECT_EQ(difference_text(Unit::number, once(0), once(3)), "+3");
  EXPECT_EQ(difference_text(Unit::seconds, once(2), once(2)), "0");
  EXPECT_EQ(difference_text(Unit::seconds, once(NAN), once(2)), "–");
}

TEST(Figure, IsToldFromNoiseOnlyWhereThereIsAny) {
  EXPECT_TRUE(within_deviations({3, 0.90, 0.02}, {3, 0.93, 0.02}));
  EXPECT_FALSE(within_deviations({3, 0.90, 0.01}, {3, 0.93, 0.01}));
  EXPECT_FALSE(within_deviations(once(0.9), once(0.9)));
}

TEST(Figure, GroupsThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-1234567), "−1,234,567");
  EXPECT_EQ(grouped(1.345), "1.34");
  EXPECT_EQ(grouped(1e20), "1e+20");
}

TEST(Figure, UnitsAndDirectionsHaveNames) {
  for (const Unit unit : {Unit::share, Unit::bytes, Unit::seconds, Unit::number})
    EXPECT_EQ(unit_named(name_of(unit)), unit);
  for (const Better better : {Better::neither, Better::higher, Better::lower})
    EXPECT_EQ(better_named(name_of(better)), better);
  EXPECT_FALSE(unit_named("furlongs"));
}

TEST(Figure, ThousandsAreSetApart) {
  EXPECT_EQ(with_separators(0), "0");
  EXPECT_EQ(with_separators(999), "999");
  EXPECT_EQ(with_separators(1000), "1,000");
  EXPECT_EQ(with_separators(1234567), "1,234,567");
}

}  // namespace
}  // namespace outrider::simulations
