#include "learners/surgery/growth_step.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/surgery/net2net.h"
#include "learners/surgery/test_networks.h"

namespace outrider::surgery {
namespace {

using ::testing::HasSubstr;

const std::vector<GrowthStep> kSteps{
    WidenStep{.layer = 3, .channels = 9, .seed = 0xfedcba9876543210, .noise = 0.125F},
    WidenStep{.layer = 4, .channels = 10, .seed = 7, .fresh = true},
    DeepenStep{.layer = 2, .kernel = 5, .batch_norm = true, .statistics = {}},
    DeepenStep{.layer = 3, .kernel = 1, .batch_norm = false, .statistics = {{1, -2, 3}, {0, 0.5F, 1e-6F}}},
};

TEST(GrowthSteps, ArriveAsTheyWere) {
  EXPECT_EQ(decode_steps(encode_steps(kSteps)), kSteps);
  EXPECT_EQ(encode_steps(kSteps), encode_steps(kSteps));
  EXPECT_TRUE(decode_steps(encode_steps({})).empty());
}

TEST(GrowthSteps, LetAPeerRebuildTheGrownNetworkBitForBit) {
  const auto network = nn::parse_network(kTestNetworks[1]);
  const auto weights = random_weights(network, 3);
  const std::vector<GrowthStep> steps{WidenStep{.layer = 0, .channels = 21, .seed = 4}, DeepenStep{.layer = 2},
                                      WidenStep{.layer = 3, .channels = 30, .seed = 5}};
  const Grown here = grow(network, weights, steps);
  const Grown there = grow(nn::parse_network(network.text()), nn::Parameters::decode(weights.encode(), network),
                           decode_steps(encode_steps(steps)));
  EXPECT_EQ(here.network.text(), there.network.text());
  EXPECT_EQ(here.parameters.encode(), there.parameters.encode());
  EXPECT_LT(encode_steps(steps).size() * 20, here.parameters.encode().size());
}

void expect_refusal(const GrowthStep& step, const char* reason) {
  try {
    decode_steps(encode_steps(std::vector<GrowthStep>{step}));
    ADD_FAILURE() << "took " << text_of(step);
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(reason));
  }
}

TEST(GrowthSteps, RefuseNumbersOutOfRange) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  expect_refusal(WidenStep{.layer = 5000, .channels = 9}, "is at layer 5001; networks have at most 1024");
  expect_refusal(WidenStep{.layer = 1, .channels = 0}, "widens to 0 channels");
  expect_refusal(WidenStep{.layer = 1, .channels = 70000}, "widens to 70000 channels; expected 1 to 65536");
  expect_refusal(WidenStep{.layer = 1, .channels = 9, .noise = 0.75F}, "has noise 0.75; expected 0 to 0.5");
  expect_refusal(WidenStep{.layer = 1, .channels = 9, .noise = kNan}, "has noise nan");
  expect_refusal(DeepenStep{.layer = 1, .kernel = 2}, "adds a kernel of 2; expected an odd number up to 15");
  expect_refusal(DeepenStep{.layer = 1, .kernel = 99}, "adds a kernel of 99");
  expect_refusal(DeepenStep{.layer = 1, .statistics = {{kNan}, {1}}}, "has nan among its statistics");
  expect_refusal(DeepenStep{.layer = 1, .statistics = {{1}, {-1}}}, "has -1 among its statistics");
}

TEST(GrowthSteps, RefuseBytesThatAreCutOrChanged) {
  const Bytes good = encode_steps(kSteps);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_THROW(decode_steps(ByteView(good).first(size)), InputError) << size;
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const std::uint8_t flip : Bytes{0x01, 0x80, 0xff}) {
      Bytes bad = good;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ flip);
      try {
        decode_steps(bad);
      } catch (const InputError&) {  // or it reads as something else that is valid
      }
    }
  EXPECT_THROW(decode_steps(Bytes(std::size_t{8} << 20)), InputError);
}

}  // namespace
}  // namespace outrider::surgery
