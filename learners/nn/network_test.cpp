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
        "input 2x4x4; globalavgpool; linear 1; relu",
        "input 4x4x4; deconv 6 k3x4 s2 p1 o1x0 nobias; instancenorm noaffine eps0.001; ibn 3 momentum0.2; tanh",
        "input 2x4x4; sigmoid; flatten",
        "input 3x4x4; batchnorm sets12; upsample 2; upsample 1x3 bilinear; dropout 0.25; globalmaxpool",
        "input 3x8x8; conv 8 k3 p1; as x; conv 16 k3 s2 p1; as body; from x; conv 16 k1 s2; add body; concat body"}) {
    const auto spec = parse_network(text);
    EXPECT_EQ(spec.text(), text);
    EXPECT_EQ(parse_network(spec.text()), spec);
  }
}

TEST(NetworkText, ReadsLayersOfGraphs) {
  const auto spec = parse_network(
      "input 4x4x4; deconv 6 k3 s2x1 p1 o1x0; as up_1; instancenorm; ibn 2 eps0.01; add up_1; batchnorm sets3; "
      "upsample 2x1 bilinear; dropout 0.5; linear 5; as z; from input; globalmaxpool; concat z");
  EXPECT_EQ(std::get<TransposedConvolution>(spec.layers[0]),
            (TransposedConvolution{6, {3, 3}, {2, 1}, {1, 1}, {1, 0}, true}));
  EXPECT_EQ(std::get<As>(spec.layers[1]).name, "up_1");
  EXPECT_EQ(std::get<InstanceBatchNorm>(spec.layers[3]), (InstanceBatchNorm{2, 0.01F, 0.1F}));
  EXPECT_EQ(std::get<BatchNorm>(spec.layers[5]).sets, 3);
  EXPECT_EQ(std::get<Upsampling>(spec.layers[6]), (Upsampling{{2, 1}, true}));
  EXPECT_EQ(std::get<Dropout>(spec.layers[7]).rate, 0.5F);
  EXPECT_EQ(spec.shapes()[1], (Shape{6, 8, 4}));
  EXPECT_EQ(spec.shapes()[11], (Shape{4, 4, 4}));
  EXPECT_EQ(spec.output_shape(), (Shape{9, 1, 1}));
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

TEST(NetworkText, ErrorsOfGraphsNameWhatIsWrong) {
  EXPECT_THAT(error_of("input 1x4x4; add x"), HasSubstr("layer 1 (add): no earlier output is named 'x'"));
  EXPECT_THAT(error_of("input 1x4x4; relu; as x; relu"), HasSubstr("nothing reads the output named x"));
  EXPECT_THAT(error_of("input 1x4x4; as x; relu; as x; add x"), HasSubstr("the name x is taken"));
  EXPECT_THAT(error_of("input 1x4x4; as input; relu"), HasSubstr("the name input is taken"));
  EXPECT_THAT(error_of("input 1x4x4; as 2x; relu"), HasSubstr("'2x' is no name"));
  EXPECT_THAT(error_of("input 1x4x4; as; relu"), HasSubstr("'' is no name"));
  EXPECT_THAT(error_of("input 1x4x4; as " + std::string(33, 'a')), HasSubstr("at most 32"));
  EXPECT_THAT(error_of("input 1x4x4; relu; from input; relu"),
              HasSubstr("layer 2 (from): the value before it would be"));
  EXPECT_THAT(error_of("input 1x4x4; from input; relu"), HasSubstr("would be lost"));
  EXPECT_THAT(error_of("input 2x4x4; conv 3 k1; add input"), HasSubstr("cannot add input of 2x4x4 to 3x4x4"));
  EXPECT_THAT(error_of("input 2x4x4; maxpool 2; concat input"),
              HasSubstr("cannot concatenate input of 2x4x4 to 2x2x2"));
  EXPECT_THAT(error_of("input 2x4x4; ibn 2"), HasSubstr("2 of 2 channels are to be instance-normalised"));
  EXPECT_THAT(error_of("input 2x4x4; dropout 1"), HasSubstr("the rate is 1"));
  EXPECT_THAT(error_of("input 2x4x4; dropout x"), HasSubstr("the rate, for example 0.5"));
  EXPECT_THAT(error_of("input 2x4x4; upsample 0"), HasSubstr("the factor is 0"));
  EXPECT_THAT(error_of("input 2x4x4; upsample 4096"), HasSubstr("output height is 16384"));
  EXPECT_THAT(error_of("input 2x4x4; batchnorm sets0"), HasSubstr("sets of statistics is 0"));
  EXPECT_THAT(error_of("input 2x4x4; deconv 3 k2 p2"), HasSubstr("padding of a transposed convolution"));
  EXPECT_THAT(error_of("input 2x4x4; deconv 3 k2 s2 o2"), HasSubstr("extra output of a transposed convolution"));
  EXPECT_THAT(error_of("input 2x1x1; deconv 3 k3 p2"), HasSubstr("output height is -1"));
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

TEST(Network, CountsTransposedConvolutions) {
  const auto spec = parse_network("input 4x8x8; deconv 6 k2 s2; ibn 2; instancenorm");
  EXPECT_EQ(spec.parameter_count(), 4U * 6 * 4 + 6 + 12 + 12);
  EXPECT_EQ(spec.multiply_adds(), 4 * 64 * 6 * 4);
}

TEST(Network, CountsParametersAndWork) {
  const auto spec = parse_network("input 4x8x8; conv 6 k3 g2; batchnorm; linear 10 nobias");
  EXPECT_EQ(spec.parameter_count(), 6U * 2 * 9 + 6 + 12 + 6 * 36 * 10);
  EXPECT_EQ(spec.multiply_adds(), 6 * 36 * 2 * 9 + 6 * 36 * 10);
}

}  // namespace
}  // namespace outrider::nn
