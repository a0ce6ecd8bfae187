#include "learners/surgery/narrow.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/nn/plan.h"
#include "learners/surgery/test_networks.h"
#include "learners/training/training_cost.h"

namespace outrider::surgery {
namespace {

using testing::HasSubstr;

constexpr double kNarrow[] = {0.75, 0.5, 0.3, 0.01};

TEST(NarrowNetwork, HasTheLeadingShareOfEveryGroup) {
  EXPECT_EQ(narrow_network(nn::parse_network(kTestNetworks[0]), 0.5).text(),
            "input 2x6x6; conv 4 k3 p1; batchnorm; relu; maxpool 2; conv 3 k3 p1; batchnorm; relu; flatten; linear 5; "
            "relu; linear 3");
  EXPECT_EQ(
      narrow_network(nn::parse_network(kTestNetworks[1]), 0.3).text(),
      "input 2x6x6; conv 3 k3 p1 nobias; batchnorm; relu; as a; conv 3 k3 p1; batchnorm; add a; relu; as b; conv 4 "
      "k3 s2 p1; batchnorm; as c; from b; conv 4 k1 s2; add c; relu; globalavgpool; linear 3");
  EXPECT_EQ(
      narrow_network(nn::parse_network(kTestNetworks[2]), 0.5).text(),
      "input 2x6x6; conv 3 k3 p1; relu; as a; conv 4 k1; concat a; conv 7 k3 p1 g7; instancenorm; relu; deconv 5 k2 "
      "s2; batchnorm sets2; globalavgpool; flatten; linear 3");
  for (const char* text : kTestNetworks) EXPECT_EQ(narrow_network(nn::parse_network(text), 1), nn::parse_network(text));
  for (const double width : {0.0, -1.0, 1.1, std::nan("")})
    EXPECT_THROW(narrow_network(nn::parse_network(kTestNetworks[0]), width), InputError);
}

TEST(NarrowNetwork, OfEveryArchitectureHasParametersThatFit) {
  for (const std::string_view name : {"conv4", "lenet5", "lenet-300-100", "resnet18-gem", "simplenet", "wrn-16-4"}) {
    const auto network = architecture(name, {1, 32, 32}, {.classes = 10});
    const auto narrow = narrow_network(network, 0.25);
    narrow_parameters(network, nn::Parameters::initial(network, 1), 0.25).check(narrow);
    EXPECT_LT(narrow.parameter_count(), network.parameter_count() / 3) << name;
  }
}

TEST(NarrowNetwork, PartsAreNested) {
  for (const char* text : kTestNetworks) {
    const auto groups = channel_groups(nn::parse_network(text));
    ChannelSelection wider = all_channels(groups);
    for (const double width : kNarrow) {
      const ChannelSelection narrower = leading_channels(groups, width);
      for (std::size_t g = 0; g < wider.size(); ++g) {
        ASSERT_LE(narrower[g].size(), wider[g].size());
        ASSERT_GE(narrower[g].size(), 1U);
        EXPECT_TRUE(std::ranges::equal(narrower[g], std::span(wider[g]).first(narrower[g].size())));
      }
      wider = narrower;
    }
  }
}

// Where nothing reads the channels that are left out, leaving them out changes nothing.
TEST(NarrowNetwork, ComputesWhatTheWholeDoesWithoutTheOtherChannels) {
  for (const char* text : kTestNetworks)
    for (const double width : kNarrow) {
      const auto network = nn::parse_network(text);
      const auto groups = channel_groups(network);
      const auto selection = leading_channels(groups, width);
      const auto narrow = narrow_parameters(network, random_weights(network, 2), width);
      nn::Parameters whole = random_weights(network, 3);
      for (std::size_t t = 0; t < whole.tensors.size(); ++t) {
        nn::Tensor& tensor = whole.tensors[t];
        if (tensor.spec.role == nn::TensorRole::kWeight) std::ranges::fill(tensor.values, 0.0F);
        const auto places = selected_places(groups, groups.tensors[t], selection);
        for (std::size_t i = 0; i < places.size(); ++i) tensor.values[places[i]] = narrow.tensors[t].values[i];
      }
      const auto found = outputs_of(narrow_network(network, width), narrow);
      const auto expected = outputs_of(network, whole);
      for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(found[i], expected[i], 1e-4) << text << " " << width;
    }
}

TEST(Widest, IsTheFirstThatFits) {
  const auto network = nn::parse_network(kTestNetworks[0]);
  const training::Workload workload{.batch = 8, .threads = 1, .samples = 100};
  const auto cost = [&](double width) { return training::training_cost(narrow_network(network, width), workload); };
  EXPECT_EQ(cost(1).flops, 600 * network.multiply_adds());
  EXPECT_GE(cost(1).bytes, nn::TrainingPlan(network, 8, 1).bytes() + 16 * network.parameter_count());
  const double widths[] = {1, 0.5, 0.25};
  const auto widest = [&](const training::Budget& budget) {
    return widest_that_fits(network, workload, budget, widths);
  };
  EXPECT_EQ(widest({}), 1);
  EXPECT_EQ(widest({.bytes = cost(1).bytes}), 1);
  EXPECT_EQ(widest({.bytes = cost(1).bytes - 1}), 0.5);
  EXPECT_EQ(widest({.flops = cost(0.5).flops}), 0.5);
  EXPECT_EQ(widest({.bytes = cost(0.25).bytes, .flops = cost(0.5).flops}), 0.25);
  EXPECT_THAT(objection_of([&] { widest({.bytes = 1000}); }).value_or(""),
              HasSubstr("training even the part of width 0.25 takes"));
}

}  // namespace
}  // namespace outrider::surgery
