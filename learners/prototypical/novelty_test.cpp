#include "learners/prototypical/novelty.h"

#include <limits>

#include <gtest/gtest.h>

#include "learners/random.h"

namespace outrider {
namespace {

constexpr std::size_t kCloudDimension = 40;

std::vector<float> around(float centre, float deviation, Random& random) {
  std::vector<float> embedding(kCloudDimension);
  for (float& x : embedding) x = centre + deviation * random.normal();
  return embedding;
}

ClassState cloud(float centre, float deviation, std::size_t examples, Random& random, bool deviations = true) {
  ClassStateBuilder builder(kCloudDimension, deviations);
  for (std::size_t i = 0; i < examples; ++i) builder.add(around(centre, deviation, random));
  return builder.state();
}

double share_unlike(const Novelty& novelty, float centre, float deviation, Random& random) {
  int unlike = 0;
  for (int i = 0; i < 2000; ++i) unlike += *novelty.strangeness(around(centre, deviation, random)) > 1 ? 1 : 0;
  return unlike / 2000.0;
}

TEST(Novelty, OneInAHundredOfANormalClassIsUnlikeIt) {
  for (const std::size_t examples : {3U, 10U, 1000U}) {
    Random random(examples, "novelty");
    const Novelty novelty({{"a", cloud(0, 1, examples, random)}, {"b", cloud(50, 1, 500, random)}}, {});
    EXPECT_NEAR(share_unlike(novelty, 50, 1, random), 0.01, 0.008);
    EXPECT_LT(share_unlike(novelty, 0, 1, random), examples < 100 ? 0.2 : 0.02);
  }
}

TEST(Novelty, WhatLiesBetweenAndBeyondTheClassesIsUnlikeThem) {
  Random random(1, "novelty");
  const Novelty novelty({{"a", cloud(-3, 1, 20, random)}, {"b", cloud(3, 1, 20, random)}}, {});
  EXPECT_GT(share_unlike(novelty, 0, 1, random), 0.99);
  EXPECT_GT(share_unlike(novelty, 7, 1, random), 0.99);
  EXPECT_GT(share_unlike(novelty, 3, 3, random), 0.99);
}

TEST(Novelty, AClassHasItsOwnSpreadOnceItHasExamplesEnough) {
  Random random(2, "novelty");
  const Novelty novelty({{"narrow", cloud(0, 1, 500, random)}, {"wide", cloud(50, 4, 500, random)}}, {});
  EXPECT_LT(share_unlike(novelty, 50, 4, random), 0.02);
  EXPECT_GT(share_unlike(novelty, 0, 4, random), 0.99);
}

TEST(Novelty, SpreadThatOthersDoNotSendIsTakenFromOnesOwnPictures) {
  Random random(3, "novelty");
  const ClassState merged = cloud(0, 1, 300, random, false);
  const ClassState unknown = cloud(20, 1, 300, random, false);
  const ClassState own = cloud(0, 1, 300, random);
  EXPECT_FALSE(Novelty({{"a", merged}, {"b", unknown}}, {}).strangeness(around(0, 1, random)));
  const Novelty novelty({{"a", merged}, {"b", unknown}}, {{"a", own}, {"gone", cloud(0, 9, 300, random)}});
  EXPECT_LT(share_unlike(novelty, 0, 1, random), 0.03);
  EXPECT_LT(share_unlike(novelty, 20, 1, random), 0.03);
  EXPECT_GT(share_unlike(novelty, 10, 1, random), 0.99);
}

TEST(Novelty, NothingIsSaidWhereNoClassHasTwoExamplesOrTheyAreAllAlike) {
  Random random(4, "novelty");
  EXPECT_FALSE(Novelty({{"a", cloud(0, 1, 1, random)}}, {}).strangeness(around(0, 1, random)));
  EXPECT_FALSE(Novelty({{"a", cloud(5, 0, 9, random)}}, {}).strangeness(around(0, 1, random)));
}

TEST(Novelty, ANumberThatIsNoneIsUnlikeAll) {
  Random random(5, "novelty");
  const Novelty novelty({{"a", cloud(0, 1, 9, random)}}, {});
  const std::vector<float> broken(kCloudDimension, std::numeric_limits<float>::quiet_NaN());
  EXPECT_GT(*novelty.strangeness(broken), 1);
}

}  // namespace
}  // namespace outrider
