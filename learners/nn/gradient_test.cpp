// Every layer's forward and backward against a double-precision reference, which is itself held to central finite
// differences.
#include <cmath>

#include <gtest/gtest.h>

#include "learners/nn/plan.h"
#include "learners/nn/reference_network.h"
#include "learners/random.h"

namespace outrider::nn {
namespace {

struct Case {
  const char* name;
  const char* network;
  std::size_t batch;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.network << " batch " << c.batch;
}

constexpr DropoutKey kDropout{8, 3, 5};

// All tensors random, so that no gradient hides behind a zero bias or a gamma of one.
Parameters random_parameters(const NetworkSpec& spec) {
  Parameters parameters = Parameters::initial(spec, 3);
  for (Tensor& tensor : parameters.tensors) {
    if (tensor.spec.role == TensorRole::kWeight) continue;
    Random random(4, tensor.spec.name);
    for (float& value : tensor.values) value = 0.5F + 0.5F * random.uniform();
  }
  return parameters;
}

std::vector<double> doubles(std::span<const float> values) {
  return {values.begin(), values.end()};
}

double scale_of(const std::vector<double>& values) {
  double largest = 0.5;  // a bias before batch norm has the gradient zero, up to rounding
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

void expect_close(std::span<const float> found, const std::vector<double>& expected, const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  const double tolerance = 2e-5 * scale_of(expected);
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], tolerance) << what << " at " << i;
}

class LayerTest : public testing::TestWithParam<Case> {
 protected:
  LayerTest()
      : spec_(parse_network(GetParam().network)),
        batch_(GetParam().batch),
        parameters_(random_parameters(spec_)),
        input_(noise(batch_ * spec_.input.size(), 1)),
        slope_(noise(batch_ * spec_.output_shape().size(), 2)),
        reference_(spec_, parameters_, batch_) {}

  NetworkSpec spec_;
  std::size_t batch_;
  Parameters parameters_;
  std::vector<float> input_;
  std::vector<float> slope_;  // the loss is the dot product of this with the output
  ReferenceNetwork reference_;
};

TEST_P(LayerTest, ReferenceGradientIsTheSlopeOfItsForward) {
  const auto loss = [&](const std::vector<double>& input) {
    const auto output = reference_.forward(input, /*training=*/true, /*move_statistics=*/false);
    double sum = 0;
    for (std::size_t i = 0; i < output.size(); ++i) sum += output[i] * slope_[i];
    return sum;
  };
  auto input = doubles(input_);
  loss(input);
  const auto input_gradient = reference_.backward(doubles(slope_));
  auto gradients = reference_.gradients;
  constexpr double kStep = 1e-6;
  const auto check = [&](double& value, double analytic, const std::string& what) {
    const double before = value;
    value = before + kStep;
    const double above = loss(input);
    value = before - kStep;
    const double below = loss(input);
    value = before;
    EXPECT_NEAR((above - below) / (2 * kStep), analytic, 1e-5 * std::max(1.0, std::abs(analytic))) << what;
  };
  Random random(5);
  for (int i = 0; i < 20; ++i) {
    const auto index = random.below(static_cast<std::uint32_t>(input.size()));
    check(input[index], input_gradient[index], "input");
  }
  for (auto& [name, values] : reference_.values) {
    if (name.find("running") != std::string::npos) continue;
    for (int i = 0; i < 10; ++i) {
      const auto index = random.below(static_cast<std::uint32_t>(values.size()));
      check(values[index], gradients[name][index], name);
    }
  }
}

TEST_P(LayerTest, TrainingPlanMatchesReference) {
  for (const int threads : {1, 2}) {
    TrainingPlan plan(spec_, batch_, threads);
    plan.load(parameters_);
    plan.set_dropout_key(kDropout);
    ReferenceNetwork reference(spec_, parameters_, batch_);
    reference.dropout = kDropout;
    const auto expected = reference.forward(doubles(input_), true);
    expect_close(plan.forward(input_), expected, "output");
    reference.backward(doubles(slope_));
    plan.backward(slope_);
    const Parameters gradients = plan.gradients();
    const Parameters after = plan.parameters();
    for (std::size_t i = 0; i < gradients.tensors.size(); ++i) {
      const TensorSpec& tensor = gradients.tensors[i].spec;
      if (tensor.trainable())
        expect_close(gradients.tensors[i].values, reference.gradients[tensor.name], "gradient of " + tensor.name);
      expect_close(after.tensors[i].values, reference.values[tensor.name], tensor.name);
    }
  }
}

TEST_P(LayerTest, TrainingPlanOnRunningStatisticsMatchesReference) {
  TrainingPlan plan(spec_, batch_, 1, {.statistics = StatisticsSource::kRunning});
  plan.load(parameters_);
  plan.set_dropout_key(kDropout);
  reference_.dropout = kDropout;
  reference_.running_statistics = true;
  expect_close(plan.forward(input_), reference_.forward(doubles(input_), true), "output");
  reference_.backward(doubles(slope_));
  plan.backward(slope_);
  for (const Tensor& tensor : plan.gradients().tensors)
    if (tensor.spec.trainable())
      expect_close(tensor.values, reference_.gradients[tensor.spec.name], "gradient of " + tensor.spec.name);
  EXPECT_EQ(plan.parameters(), parameters_);
}

TEST_P(LayerTest, GradientsAreWrittenNotAdded) {
  TrainingPlan plan(spec_, batch_, 1);
  plan.load(parameters_);
  plan.set_dropout_key(kDropout);
  plan.forward(input_);
  plan.backward(slope_);
  const Parameters once = plan.gradients();
  plan.set_dropout_key(kDropout);
  plan.forward(input_);
  plan.backward(slope_);
  EXPECT_EQ(plan.gradients(), once);
}

TEST_P(LayerTest, InferencePlanMatchesReference) {
  InferencePlan plan(spec_, parameters_, 2);
  std::vector<float> output(slope_.size());
  plan.forward(input_, output);
  expect_close(output, reference_.forward(doubles(input_), false), "output");
}

TEST_P(LayerTest, LoadAndCopyAreExact) {
  TrainingPlan plan(spec_, batch_, 1);
  plan.load(parameters_);
  EXPECT_EQ(plan.parameters(), parameters_);
}

INSTANTIATE_TEST_SUITE_P(
    All, LayerTest,
    testing::Values(
        Case{"Convolution", "input 3x7x5; conv 5 k3 p1", 2}, Case{"ConvolutionOneSample", "input 1x9x9; conv 7 k3", 1},
        Case{"ConvolutionOfConvolution", "input 2x9x8; conv 5 k3 p1 nobias; conv 11 k3x2 s2x1 p1x0", 3},
        Case{"ConvolutionWide", "input 16x5x5; conv 32 k3 p1; conv 16 k1", 2},
        Case{"ConvolutionDilated", "input 4x11x11; conv 4 k1; conv 6 k3 p2 d2", 2},
        Case{"ConvolutionGrouped", "input 6x7x7; conv 6 k1; conv 9 k3 p1 g3", 2},
        Case{"ConvolutionDepthwise", "input 10x7x7; conv 10 k1; conv 10 k3 s2 p1 g10 nobias", 3},
        Case{"ConvolutionLargeStride", "input 3x13x13; conv 8 k5 s3 p2; relu; conv 3 k2 s2", 2},
        Case{"Linear", "input 5x3x2; linear 7", 3}, Case{"LinearOneSample", "input 13x1x1; linear 3 nobias", 1},
        Case{"LinearOfLinear", "input 19x1x1; linear 33; relu; linear 10", 5},
        Case{"LinearBatchNorm", "input 19x1x1; linear 33; batchnorm; relu; linear 10", 6},
        Case{"BatchNorm", "input 3x5x4; conv 5 k1; batchnorm", 3},
        Case{"BatchNormFirst", "input 3x5x4; batchnorm; conv 5 k3", 4},
        Case{"BatchNormFirstRelu", "input 3x5x4; batchnorm; relu; conv 5 k3", 4},
        Case{"BatchNormOneSample", "input 2x6x6; conv 9 k3; batchnorm", 1},
        Case{"BatchNormWithoutAffine", "input 3x5x4; conv 5 k3 p1; batchnorm noaffine eps0.01 momentum0.3", 3},
        Case{"BatchNormWithoutAffineRelu", "input 3x5x4; conv 16 k3 p1; batchnorm noaffine; relu; conv 2 k1", 3},
        Case{"BatchNormRelu", "input 3x5x4; conv 5 k3 p1; batchnorm; relu; conv 3 k3", 3},
        Case{"BatchNormReluWide", "input 3x8x8; conv 32 k3 p1 nobias; batchnorm; relu; conv 16 k3", 3},
        Case{"BatchNormAfterPooling", "input 3x8x8; conv 6 k3 p1; maxpool 2; batchnorm; relu; linear 4", 3},
        Case{"Relu", "input 3x5x4; conv 5 k3 p1; relu; conv 4 k3", 2},
        Case{"ReluFirst", "input 3x5x4; relu; conv 4 k3", 2},
        Case{"MaxPooling", "input 2x7x9; conv 5 k3 p1; maxpool 2", 2},
        Case{"MaxPoolingOverlapping", "input 2x7x9; conv 5 k1; maxpool 3 s2 p1; linear 2", 2},
        Case{"MaxPoolingFirst", "input 2x7x9; maxpool 2; conv 3 k2", 2},
        Case{"MaxPoolingWide", "input 3x8x8; conv 16 k3 p1; maxpool 2", 2},
        Case{"AveragePooling", "input 2x7x9; conv 5 k1; avgpool 2", 2},
        Case{"AveragePoolingPadded", "input 2x7x9; conv 5 k1; avgpool 3x2 s2 p1", 2},
        Case{"GlobalAveragePooling", "input 2x5x7; conv 9 k3; globalavgpool; linear 3", 3},
        Case{"Flatten", "input 2x5x4; conv 5 k3; relu; flatten; linear 3", 3},
        Case{"FlattenLast", "input 2x6x6; conv 17 k3; flatten", 2},
        Case{"TransposedConvolution", "input 3x4x5; deconv 5 k3 s2 p1", 2},
        Case{"TransposedConvolutionExtra", "input 2x4x3; conv 5 k1; deconv 7 k3x4 s2 p1 o1 nobias", 3},
        Case{"TransposedConvolutionExtraUnpadded", "input 2x4x3; conv 5 k1; relu; deconv 3 k2 s2 o1x0", 2},
        Case{"TransposedConvolutionWide", "input 16x4x4; conv 32 k1; deconv 16 k4 s2 p1; batchnorm; relu", 2},
        Case{"InstanceNorm", "input 3x5x4; conv 5 k3 p1; instancenorm; relu; conv 2 k1", 3},
        Case{"InstanceNormWithoutAffine", "input 3x5x4; instancenorm noaffine eps0.01; conv 2 k1", 1},
        Case{"InstanceNormWide", "input 3x6x6; conv 16 k3; instancenorm; relu; conv 32 k3", 2},
        Case{"InstanceBatchNorm", "input 3x5x4; conv 7 k3 p1; ibn 3; relu; conv 2 k1", 3},
        Case{"InstanceBatchNormFirst", "input 3x5x4; ibn 2 eps0.01 momentum0.3; conv 16 k3", 2},
        Case{"Sigmoid", "input 3x5x4; conv 5 k3 p1; sigmoid; conv 4 k3", 2},
        Case{"SigmoidWide", "input 3x5x4; conv 17 k3 p1; sigmoid; globalavgpool; linear 3", 2},
        Case{"Tanh", "input 3x5x4; conv 5 k3 p1; tanh; linear 3; tanh", 2},
        Case{"GlobalMaxPooling", "input 2x5x7; conv 9 k3; globalmaxpool; linear 3", 3},
        Case{"UpsampleNearest", "input 2x3x4; conv 5 k1; upsample 2; conv 3 k3 p1", 2},
        Case{"UpsampleNearestUneven", "input 2x3x4; conv 16 k1; upsample 3x2", 2},
        Case{"UpsampleBilinear", "input 2x3x4; conv 5 k1; upsample 2 bilinear; conv 3 k3 p1", 2},
        Case{"UpsampleBilinearUneven", "input 2x3x4; conv 16 k1; upsample 3x1 bilinear", 3},
        Case{"UpsampleFirst", "input 2x3x4; upsample 2; conv 3 k3", 1},
        Case{"Dropout", "input 3x5x4; conv 5 k3 p1; dropout 0.3; conv 4 k3", 3},
        Case{"DropoutOfVector", "input 3x4x4; linear 33; relu; dropout 0.5; linear 5", 5},
        Case{"BatchNormSets", "input 3x5x4; conv 5 k1; batchnorm sets3; relu; conv 3 k1; batchnorm noaffine sets3", 3},
        Case{"Residual",
             "input 3x6x6; conv 5 k3 p1; as x; conv 5 k3 p1; batchnorm; relu; conv 5 k3 p1; batchnorm; "
             "add x; relu; conv 3 k1",
             2},
        Case{"ResidualProjected",
             "input 3x6x6; conv 8 k3 p1; as x; conv 16 k3 s2 p1 nobias; batchnorm; relu; conv 16 k3 p1 nobias; "
             "batchnorm; as body; from x; conv 16 k1 s2 nobias; batchnorm; add body; relu; globalavgpool; linear 4",
             3},
        Case{"ResidualPreActivation",
             "input 3x6x6; conv 9 k3 p1; as x; batchnorm; relu; conv 9 k3 p1; batchnorm; relu; dropout 0.2; "
             "conv 9 k3 p1; add x; batchnorm; relu; linear 4",
             2},
        Case{"AddOfItself", "input 3x4x4; conv 5 k3; as x; add x; relu; linear 2", 2},
        Case{"AddOfInput", "input 3x4x4; conv 3 k3 p1; add input; tanh", 2},
        Case{"AddOfInputWithoutParameters", "input 3x4x4; relu; add input; linear 2", 2},
        Case{"ThreeReaders", "input 3x5x5; conv 7 k3 p1; as x; conv 7 k3 p1; add x; as y; sigmoid; add x; add y; relu",
             2},
        Case{"Concat", "input 3x5x4; conv 5 k3 p1; as x; conv 3 k3 p1; relu; concat x; conv 4 k3", 2},
        Case{"ConcatWide", "input 3x5x4; conv 16 k3 p1; as x; conv 32 k3 p1; relu; concat x; conv 16 k1", 2},
        Case{"ConcatOfVectors", "input 3x4x4; linear 7; as x; relu; linear 5; concat x; concat x; linear 3", 3},
        Case{"ConcatOfInput", "input 3x5x4; conv 5 k3 p1; concat input; batchnorm; conv 4 k3", 2},
        Case{"Autoencoder",
             "input 1x8x8; conv 6 k3 s2 p1; relu; as skip; conv 9 k3 s2 p1; batchnorm; relu; deconv 6 k4 s2 p1; "
             "concat skip; relu; upsample 2 bilinear; conv 1 k3 p1; sigmoid",
             2},
        Case{"SmallConv4",
             "input 1x8x8; conv 12 k3 p1 nobias; batchnorm; relu; maxpool 2; conv 17 k3 p1 nobias; batchnorm; relu; "
             "maxpool 2; flatten; linear 6",
             7}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace outrider::nn
