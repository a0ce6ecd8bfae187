#include "learners/nn/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider::nn {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view text) {
  try {
    parse_network(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(NetworkText, ReadsEveryLayer) {
  const auto spec = parse_network(
      "input 3x32x24; conv 64 k3x5 s2x1 p1 d2 g1 nobias; batchnorm noaffine eps0.001 momentum0.2; relu; maxpool 2; "
      "avgpool 3x2 s2 p1; globalavgpool; flatten; linear 10 nobias");
  ASSERT_EQ(spec.layers.size(), 8U);
  EXPECT_EQ(spec.input, (Shape{3, 32, 24}));
  EXPECT_EQ(std::get<Convolution>(spec.layers[0]), (Convolution{64, {3, 5}, {2, 1}, {1, 1}, {2, 2}, 1, false}));
  EXPECT_EQ(std::get<BatchNorm>(spec.layers[1]), (BatchNorm{false, 0.001F, 0.2F}));
  EXPECT_EQ(std::get<Pooling>(spec.layers[3]), (Pooling{PoolingKind::kMax, {2, 2}, {2, 2}, {0, 0}}));
  EXPECT_EQ(std::get<Pooling>(spec.layers[4]), (Pooling{PoolingKind::kAverage, {3, 2}, {2, 2}, {1, 1}}));
  EXPECT_EQ(std::get<FullyConnected>(spec.layers[7]), (FullyConnected{10, false}));
}

TEST(NetworkText, RoundTripsExactly) {
  for (const char* text :
       {"input 1x28x28; conv 64 k3 p1; batchnorm; relu; maxpool 2; flatten",
        "input 8x9x7; conv 4 k3x2 s2x1 p1x0 d1x2 g4 nobias; linear 5",
        "input 3x16x16; batchnorm noaffine eps1.2345679e-07 momentum0.33333334; avgpool 3 s1x2 p0x1; linear 3 nobias",
        "input 2x4x4; globalavgpool; linear 1; relu"}) {
    const auto spec = parse_network(text);
    EXPECT_EQ(spec.text(), text);
    EXPECT_EQ(parse_network(spec.text()), spec);
  }
}

TEST(NetworkText, BlanksAndDefaultsDoNotMatter) {
  EXPECT_EQ(parse_network("  input 1x8x8 ;\n conv 2  k3 s1 p0 d1 g1;maxpool 2 s2 p0; batchnorm eps1e-05 "),
            parse_network("input 1x8x8; conv 2 k3; maxpool 2; batchnorm"));
}

TEST(NetworkText, ErrorsNamePositionAndExpectation) {
  EXPECT_THAT(error_of(""), HasSubstr("character 1: expected 'input CxHxW' first"));
  EXPECT_THAT(error_of("conv 3 k3"), HasSubstr("character 1: expected 'input CxHxW' first, found 'conv'"));
  EXPECT_THAT(error_of("input 28x28; relu"), HasSubstr("character 7: expected the input shape"));
  EXPECT_THAT(error_of("input 1x28x; relu"), HasSubstr("character 7"));
  EXPECT_THAT(error_of("input 1x8x8; transformer"), HasSubstr("character 14: expected a layer"));
  EXPECT_THAT(error_of("input 1x8x8; conv"),
              HasSubstr("character 18: expected the number of output channels, found the end"));
  EXPECT_THAT(error_of("input 1x8x8; conv 8"), HasSubstr("the kernel, for example k3"));
  EXPECT_THAT(error_of("input 1x8x8; conv 8 k3 q1"), HasSubstr("character 24: expected ';'"));
  EXPECT_THAT(error_of("input 1x8x8; conv 8 k3 p1 s1"), HasSubstr("character 27"));
  EXPECT_THAT(error_of("input 1x8x8; conv 8 k3x; relu"), HasSubstr("the kernel"));
  EXPECT_THAT(error_of("input 1x8x8; conv -8 k3"), HasSubstr("character 19"));
  EXPECT_THAT(error_of("input 1x8x8; conv 99999999999999999999 k3"), HasSubstr("character 19"));
  EXPECT_THAT(error_of("input 1x8x8; relu;"), HasSubstr("expected a layer"));
  EXPECT_THAT(error_of("input 1x8x8; batchnorm eps1e"), HasSubstr("eps and a number"));
  EXPECT_THAT(error_of(std::string("input 1x8x8; re\0lu", 18)), HasSubstr("expected a layer"));
}

TEST(NetworkText, ErrorsNameTheLayerThatDoesNotFit) {
  EXPECT_THAT(error_of("input 1x8x8"), HasSubstr("at least one layer"));
  EXPECT_THAT(error_of("input 1x4x4; relu; conv 2 k5"), HasSubstr("layer 2 (conv): a window of 5 does not fit 4"));
  EXPECT_THAT(error_of("input 3x4x4; conv 4 k1 g2"), HasSubstr("2 groups do not divide 3 input and 4 output"));
  EXPECT_THAT(error_of("input 3x4x4; conv 3 k1 g0"), HasSubstr("groups is 0"));
  EXPECT_THAT(error_of("input 3x4x4; conv 0 k1"), HasSubstr("output channels is 0"));
  EXPECT_THAT(error_of("input 3x4x4; conv 3 k0"), HasSubstr("kernel is 0"));
  EXPECT_THAT(error_of("input 3x4x4; conv 3 k1 s0"), HasSubstr("stride is 0"));
  EXPECT_THAT(error_of("input 3x4x4; conv 3 k1 d0"), HasSubstr("dilation is 0"));
  EXPECT_THAT(error_of("input 3x4x4; maxpool 2 p2"), HasSubstr("padding of a pooling"));
  EXPECT_THAT(error_of("input 3x4x4; batchnorm eps0"), HasSubstr("eps is 0"));
  EXPECT_THAT(error_of("input 3x4x4; batchnorm momentum2"), HasSubstr("momentum is 2"));
}

TEST(NetworkLimits, AreEnforced) {
  EXPECT_THAT(error_of("input 1x5000x5"), HasSubstr("input height is 5000"));
  EXPECT_THAT(error_of("input 0x5x5; relu"), HasSubstr("input channels is 0"));
  EXPECT_THAT(error_of("input 60000x4096x4096; relu"), HasSubstr("values; at most"));
  EXPECT_THAT(error_of("input 65536x1x1; linear 65536"), HasSubstr("more than 60000000 parameters"));
  EXPECT_THAT(error_of("input 64x1000x1000; conv 64 k101 p50"), HasSubstr("multiply-adds"));
  EXPECT_THAT(error_of("input 512x512x64; flatten"), HasSubstr("output channels"));
  std::string deep = "input 1x1x1";
  for (int i = 0; i < 1025; ++i) deep += ";relu";
  EXPECT_THAT(error_of(deep), HasSubstr("at most 1024 layers"));
  EXPECT_THAT(error_of(std::string(70000, ' ')), HasSubstr("at most 65536 are read"));
}

TEST(Network, InfersShapes) {
  const auto spec = parse_network("input 3x84x84; conv 64 k3 p1; maxpool 2; maxpool 2; maxpool 2; maxpool 2; flatten");
  EXPECT_EQ(spec.shapes()[1], (Shape{64, 84, 84}));
  EXPECT_EQ(spec.shapes()[5], (Shape{64, 5, 5}));
  EXPECT_EQ(spec.output_shape(), (Shape{1600, 1, 1}));
}

TEST(Network, CountsParametersAndWork) {
  const auto spec = parse_network("input 4x8x8; conv 6 k3 g2; batchnorm; linear 10 nobias");
  EXPECT_EQ(spec.parameter_count(), 6U * 2 * 9 + 6 + 12 + 6 * 36 * 10);
  EXPECT_EQ(spec.multiply_adds(), 6 * 36 * 2 * 9 + 6 * 36 * 10);
}

}  // namespace
}  // namespace outrider::nn
