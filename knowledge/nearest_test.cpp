#include "knowledge/nearest.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

const std::vector<std::string> kVerbs{"aggregator", "client", "status", "predict", "simulate"};

TEST(Nearest, FindsWhatWasProbablyMeant) {
  EXPECT_EQ(nearest("agregator", kVerbs), "aggregator");
  EXPECT_EQ(nearest("cleint", kVerbs), "client");
  EXPECT_EQ(nearest("statsu", kVerbs), "status");
  EXPECT_EQ(nearest("predicted", kVerbs), "predict");
  EXPECT_EQ(nearest("simulate", kVerbs), "simulate");
}

TEST(Nearest, DoesNotGuessWildly) {
  EXPECT_FALSE(nearest("frobnicate", kVerbs));
  EXPECT_FALSE(nearest("", kVerbs));
  EXPECT_FALSE(nearest(std::string(1 << 20, 'a'), kVerbs));
  EXPECT_FALSE(nearest("x", {}));
}

TEST(Nearest, AsksWhetherItWasMeant) {
  EXPECT_EQ(did_you_mean("staus", kVerbs), "; did you mean status?");
  EXPECT_EQ(did_you_mean("frobnicate", kVerbs), "");
}

}  // namespace
}  // namespace outrider
