#include "learners/surgery/widening_to.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/surgery/narrow.h"
#include "learners/surgery/net2net.h"

namespace outrider::surgery {
namespace {

TEST(WideningTo, LeadsFromAnyWidthToTheWholeOfEveryArchitecture) {
  for (const char* name : {"lenet5", "conv4", "resnet18-gem", "lenet-300-100"}) {
    const nn::NetworkSpec wide = architecture(name, {1, 28, 28}, {.classes = 10});
    for (const double width : {0.25, 0.5, 0.7}) {
      nn::NetworkSpec reached = narrow_network(wide, width);
      for (const GrowthStep& step : widening_to(reached, wide, 1, width < 0.6)) reached = grown_network(reached, step);
      EXPECT_EQ(reached, wide) << name << " from " << width;
    }
  }
}

TEST(WideningTo, TakesNoStepWhereNothingIsToBeDone) {
  const nn::NetworkSpec network = architecture("lenet5", {1, 28, 28}, {.classes = 10});
  EXPECT_TRUE(widening_to(network, network, 1).empty());
}

TEST(WideningTo, ObjectsToWhatIsNarrowerOrAnother) {
  const nn::NetworkSpec wide = architecture("lenet5", {1, 28, 28}, {.classes = 10});
  const nn::NetworkSpec narrow = narrow_network(wide, 0.5);
  EXPECT_THAT(objection_of([&] { widening_to(wide, narrow, 1); }).value_or(""), testing::HasSubstr("cannot make"));
  const nn::NetworkSpec other = architecture("conv4", {1, 28, 28}, {.classes = 10});
  EXPECT_THAT(objection_of([&] { widening_to(narrow, other, 1); }).value_or(""), testing::HasSubstr("layers"));
}

}  // namespace
}  // namespace outrider::surgery
