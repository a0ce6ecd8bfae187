#include "learners/surgery/channels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"

namespace outrider::surgery {
namespace {

using testing::ElementsAre;

ChannelGroups groups_of(const char* network) {
  return channel_groups(nn::parse_network(network));
}

std::vector<std::size_t> changeable(const ChannelGroups& groups) {
  std::vector<std::size_t> channels;
  for (const ChannelGroup& group : groups.groups)
    if (!group.fixed) channels.push_back(group.channels);
  return channels;
}

TEST(ChannelGroups, RunFromOneLayerToThoseThatReadIt) {
  const ChannelGroups groups =
      groups_of("input 2x4x4; conv 3 k3 p1; batchnorm; relu; conv 5 k1; maxpool 2; flatten; linear 7; relu; linear 4");
  EXPECT_THAT(groups.groups, ElementsAre(ChannelGroup{2, true}, ChannelGroup{3, false}, ChannelGroup{5, false},
                                         ChannelGroup{7, false}, ChannelGroup{4, true}));
  EXPECT_THAT(groups.at("0.weight").axes, ElementsAre(Axis{{1, 1}}, Axis{{0, 1}}, Axis{}, Axis{}));
  EXPECT_THAT(groups.at("1.gamma").axes, ElementsAre(Axis{{1, 1}}));
  EXPECT_THAT(groups.at("3.weight").axes, ElementsAre(Axis{{2, 1}}, Axis{{1, 1}}, Axis{}, Axis{}));
  EXPECT_THAT(groups.at("6.weight").axes, ElementsAre(Axis{{3, 1}}, Axis{{2, 4}}));  // 2x2 pixels a channel
  EXPECT_THAT(groups.at("8.weight").axes, ElementsAre(Axis{{4, 1}}, Axis{{3, 1}}));
  EXPECT_THROW(groups.at("9.weight"), InputError);
}

TEST(ChannelGroups, AreOneWhereValuesAreAdded) {
  EXPECT_THAT(changeable(groups_of("input 1x4x4; conv 6 k1; as a; conv 3 k1; relu; conv 6 k1; add a; conv 2 k1")),
              ElementsAre(6, 3));
  // Four stages of one residual stream each, and one inner width for each of eight blocks.
  const auto resnet = channel_groups(architecture("resnet18-gem", {3, 32, 32}, {.classes = 10}));
  EXPECT_EQ(changeable(resnet).size(), 12U);
}

TEST(ChannelGroups, FollowConcatenationsDepthwiseConvolutionsAndSetsOfStatistics) {
  const ChannelGroups groups = groups_of(
      "input 1x4x4; conv 4 k1; as a; conv 3 k1; concat a; conv 7 k3 p1 g7; batchnorm sets2; flatten; linear 2");
  EXPECT_EQ(changeable(groups), (std::vector<std::size_t>{4, 3}));
  EXPECT_THAT(groups.at("4.weight").axes, ElementsAre(Axis{{2, 1}, {1, 1}}, Axis{}, Axis{}, Axis{}));
  EXPECT_THAT(groups.at("5.running_mean").axes, ElementsAre(Axis{}, Axis{{2, 1}, {1, 1}}));
  EXPECT_THAT(groups.at("7.weight").axes, ElementsAre(Axis{{3, 1}}, Axis{{2, 16}, {1, 16}}));
}

TEST(ChannelGroups, AreFixedWhereTheirOrderMeansSomething) {
  EXPECT_TRUE(changeable(groups_of("input 1x4x4; conv 4 k1; conv 8 k1 g2; flatten; linear 2")).empty());
  EXPECT_TRUE(changeable(groups_of("input 1x4x4; conv 4 k1; ibn 2; relu; flatten; linear 2")).empty());
  EXPECT_TRUE(changeable(groups_of("input 4x4x4; as a; conv 4 k1; add a; flatten; linear 2")).empty());
  // Sums of values whose channels run differently.
  EXPECT_TRUE(changeable(groups_of("input 1x1x1; conv 2 k1; as a; conv 4 k1; as b; from a; conv 2 k1; concat a; add b; "
                                   "flatten; linear 2"))
                  .empty());
}

TEST(SelectChannels, TakesThemOnEveryAxis) {
  const auto network = nn::parse_network("input 1x1x2; conv 3 k1 nobias; flatten; linear 2 nobias");
  nn::Parameters parameters = nn::Parameters::initial(network, 1);
  parameters.at("0.weight").values = {10, 20, 30};
  parameters.at("2.weight").values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const ChannelGroups groups = channel_groups(network);
  ChannelSelection selection = all_channels(groups);
  EXPECT_EQ(select_channels(groups, parameters, selection), parameters);
  selection[1] = {2, 0};
  const nn::Parameters selected = select_channels(groups, parameters, selection);
  EXPECT_THAT(selected.at("0.weight").values, ElementsAre(30, 10));
  EXPECT_THAT(selected.at("2.weight").values, ElementsAre(5, 6, 1, 2, 11, 12, 7, 8));
  EXPECT_THAT(selected.at("2.weight").spec.dims, ElementsAre(2, 4));
}

}  // namespace
}  // namespace outrider::surgery
