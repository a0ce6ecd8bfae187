#include "knowledge/capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Capacity, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parse_memory("it", "64MB"), 64'000'000U);
  EXPECT_EQ(parse_memory("it", "64 MiB"), 64U << 20);
  EXPECT_EQ(parse_memory("it", "1.5G"), 1'500'000'000U);
  EXPECT_EQ(parse_memory("it", "4096"), 4096U);
  EXPECT_EQ(parse_memory("it", "4096B"), 4096U);
  EXPECT_EQ(parse_memory("it", "2kB"), 2000U);
  EXPECT_EQ(parse_memory("it", "2KB"), 2000U);
  EXPECT_EQ(parse_operations("it", "500M"), 500'000'000U);
  EXPECT_EQ(parse_operations("it", "2 GFLOPS"), 2'000'000'000U);
  EXPECT_EQ(parse_operations("it", "8e9"), 8'000'000'000U);
}

TEST(Capacity, RefusesWhatIsNone) {
  for (const char* text :
       {"", "MB", "-1", "0", "0.5", "64XB", "64MMB", "64 MB each", "nan", "inf", "1e30", "99999999TB"})
    EXPECT_THAT(objection_of([&] { parse_memory("the memory", text); }).value_or(""),
                AllOf(HasSubstr("the memory is '" + std::string(text) + "'"), HasSubstr("64MB")));
  EXPECT_THAT(objection_of([] { parse_operations("the compute", "2 horses"); }).value_or(""),
              HasSubstr("operations a second"));
}

TEST(Capacity, TellsPeople) {
  EXPECT_EQ(memory_text(64'000'000), "64 MB");
  EXPECT_EQ(memory_text(999), "999 B");
  EXPECT_EQ(memory_text(999'999), "1 MB");
  EXPECT_EQ(memory_text(1'234'567), "1.23 MB");
  EXPECT_EQ(operations_text(2'000'000'000), "2 GFLOPS");
  EXPECT_EQ(operations_text(Capacity::kUnlimited), "unlimited");
  EXPECT_EQ(memory_text(Capacity::kUnlimited - 1), "1.84e+07 TB");
}

}  // namespace
}  // namespace outrider
