#include "knowledge/invariant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Invariant, ThatHoldsIsSilentAndThatIsBrokenSaysWhatAndWhere) {
  EXPECT_NO_THROW(invariant(true, "one is one"));
  try {
    invariant(false, "one is two");
    FAIL() << "it was not stopped";
  } catch (const BrokenInvariant& broken) {
    EXPECT_THAT(broken.what(), AllOf(StartsWith("a mistake in Outrider itself"), HasSubstr("that one is two ("),
                                     HasSubstr("knowledge/invariant_test.cpp:"), Not(HasSubstr("((")),
                                     HasSubstr("before anything of it was written")));
  }
}

}  // namespace
}  // namespace outrider
