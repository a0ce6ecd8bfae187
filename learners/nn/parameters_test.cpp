#include "learners/nn/parameters.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider::nn {
namespace {

using testing::HasSubstr;

NetworkSpec small() {
  return parse_network("input 2x6x6; conv 3 k3; batchnorm; relu; linear 4");
}

std::string error_of(ByteView bytes) {
  try {
    Parameters::decode(bytes, small());
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Parameters, AreNamedAndShapedByLayer) {
  const auto tensors = network_tensors(small());
  std::vector<std::string> names;
  for (const TensorSpec& tensor : tensors) names.push_back(tensor.name);
  EXPECT_THAT(names, testing::ElementsAre("0.weight", "0.bias", "1.gamma", "1.beta", "1.running_mean",
                                          "1.running_variance", "3.weight", "3.bias"));
  EXPECT_THAT(tensors[0].dims, testing::ElementsAre(3, 2, 3, 3));
  EXPECT_THAT(tensors[6].dims, testing::ElementsAre(4, 48));
}

TEST(Parameters, RunningStatisticsComeInSets) {
  const auto tensors = network_tensors(parse_network("input 3x4x4; batchnorm noaffine sets5; ibn 1"));
  ASSERT_EQ(tensors.size(), 6U);
  EXPECT_THAT(tensors[0].dims, testing::ElementsAre(5, 3));
  EXPECT_THAT(tensors[1].dims, testing::ElementsAre(5, 3));
  EXPECT_THAT(tensors[2].dims, testing::ElementsAre(3));
  EXPECT_THAT(tensors[4].dims, testing::ElementsAre(2));
}

TEST(Parameters, WeightsStartHeNormal) {
  const auto spec = parse_network("input 32x4x4; conv 128 k3 g2; batchnorm; linear 2");
  const auto parameters = Parameters::initial(spec, 1);
  double squares = 0;
  for (const float value : parameters.at("0.weight").values) squares += double{value} * double{value};
  const auto count = static_cast<double>(parameters.at("0.weight").values.size());
  EXPECT_NEAR(squares / count, 2.0 / (16 * 9), 0.05 * 2.0 / (16 * 9));
  EXPECT_THAT(parameters.at("0.bias").values, testing::Each(0.0F));
  EXPECT_THAT(parameters.at("1.gamma").values, testing::Each(1.0F));
  EXPECT_THAT(parameters.at("1.beta").values, testing::Each(0.0F));
  EXPECT_THAT(parameters.at("1.running_mean").values, testing::Each(0.0F));
  EXPECT_THAT(parameters.at("1.running_variance").values, testing::Each(1.0F));
}

TEST(Parameters, InitialValuesDependOnSeedAndLayer) {
  const auto spec = parse_network("input 4x1x1; linear 4; linear 4");
  const auto a = Parameters::initial(spec, 1);
  EXPECT_EQ(a, Parameters::initial(spec, 1));
  EXPECT_NE(a, Parameters::initial(spec, 2));
  EXPECT_NE(a.at("0.weight").values, a.at("1.weight").values);
}

TEST(Parameters, RoundTripExactly) {
  const auto parameters = Parameters::initial(small(), 9);
  EXPECT_EQ(Parameters::decode(parameters.encode(), small()), parameters);
}

TEST(Parameters, EveryTruncationIsRefused) {
  const Bytes bytes = Parameters::initial(small(), 9).encode();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THAT(error_of(ByteView(bytes).first(size)), HasSubstr("truncated")) << size;
}

TEST(Parameters, TrailingBytesAreRefused) {
  Bytes bytes = Parameters::initial(small(), 9).encode();
  bytes.push_back(0);
  EXPECT_THAT(error_of(bytes), HasSubstr("1 bytes follow the last tensor"));
}

TEST(Parameters, ForeignShapesAreRefused) {
  const auto encoded = [](const char* text) { return Parameters::initial(parse_network(text), 1).encode(); };
  EXPECT_THAT(error_of(encoded("input 2x6x6; conv 3 k3; batchnorm; relu; linear 5")),
              HasSubstr("a dimension of tensor 3.weight is 5; the network expects 4"));
  EXPECT_THAT(error_of(encoded("input 2x6x6; conv 3 k3; batchnorm")), HasSubstr("the number of tensors is 6"));
  EXPECT_THAT(error_of(encoded("input 2x6x6; conv 3 k3; batchnorm; linear 4")),
              HasSubstr("another tensor where the network expects 3.weight"));
}

TEST(Parameters, ValuesMustBeFiniteAndVariancesNotNegative) {
  auto parameters = Parameters::initial(small(), 9);
  parameters.at("3.weight").values[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error_of(parameters.encode()), HasSubstr("tensor 3.weight holds nan"));
  parameters = Parameters::initial(small(), 9);
  parameters.at("1.running_variance").values[0] = -1;
  EXPECT_THAT(error_of(parameters.encode()), HasSubstr("tensor 1.running_variance holds -1"));
  EXPECT_THROW(parameters.check(small()), InputError);
}

TEST(Parameters, UnknownNamesAreRefused) {
  const auto parameters = Parameters::initial(small(), 9);
  EXPECT_THROW(parameters.at("2.weight"), InputError);
}

}  // namespace
}  // namespace outrider::nn
