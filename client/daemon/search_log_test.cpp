#include "client/daemon/search_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::client {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Optional;

TEST(SearchLog, TheFirstFailureIsSaidAtOnceAndTheSameEverMoreRarely) {
  SearchLog log("tcp://host:7700");
  EXPECT_THAT(log.failed("refused", 5s), Optional(AllOf(HasSubstr("tcp://host:7700"), HasSubstr("refused"))));
  int lines = 1;
  for (Instant now = 6s; now < 24h; now += 1s)
    if (log.failed("refused", now)) ++lines;
  EXPECT_GT(lines, 20);
  EXPECT_LT(lines, 40) << "one an hour in the end";
}

TEST(SearchLog, AnotherReasonIsSaidSoon) {
  SearchLog log("tcp://host:7700");
  ASSERT_TRUE(log.failed("refused", 0s));
  EXPECT_FALSE(log.failed("unknown", 500ms));
  EXPECT_THAT(log.failed("unknown", 3s), Optional(AllOf(HasSubstr("after 3 s"), HasSubstr("unknown"))));
  EXPECT_FALSE(log.failed("unknown", 22s));
  EXPECT_TRUE(log.failed("unknown", 23s));
}

TEST(SearchLog, ReasonsThatTakeTurnsFillNoDisk) {
  SearchLog log("tcp://host:7700");
  int lines = 0;
  for (Instant now = 0s; now < 24h; now += 1s)
    if (log.failed(now.count() % 2000 == 0 ? "refused" : "unknown", now)) ++lines;
  EXPECT_LT(lines, 250);
}

TEST(SearchLog, BeginsAnewWhenSomethingWasFound) {
  SearchLog log("tcp://host:7700");
  ASSERT_TRUE(log.failed("refused", 0s));
  log.found();
  EXPECT_TRUE(log.failed("refused", 1s));
}

}  // namespace
}  // namespace outrider::client
