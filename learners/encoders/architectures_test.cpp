#include "learners/encoders/architectures.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/nn/plan.h"
#include "learners/random.h"

namespace outrider {
namespace {

using testing::HasSubstr;

struct Published {
  const char* name;
  ImageShape input;
  std::int64_t classes;
  bool bias;
  std::size_t parameters;
  std::size_t dimension;  // without the head
};

void PrintTo(const Published& p, std::ostream* out) {
  *out << p.name;
}

class PublishedArchitecture : public testing::TestWithParam<Published> {};

TEST_P(PublishedArchitecture, HasThePublishedSize) {
  const Published& p = GetParam();
  const ArchitectureOptions headless{.bias = p.bias};
  const auto encoder = architecture(p.name, p.input, headless);
  EXPECT_EQ(encoder.output_shape(), (nn::Shape{static_cast<std::int64_t>(p.dimension), 1, 1}));
  const auto whole = architecture(p.name, p.input, {.bias = p.bias, .classes = p.classes});
  EXPECT_EQ(whole.parameter_count(), p.parameters);
  const auto head = static_cast<std::size_t>(p.classes) * (p.dimension + 1);
  EXPECT_EQ(encoder.parameter_count(), p.parameters - (p.classes > 0 ? head : 0));
  EXPECT_EQ(nn::parse_network(whole.text()), whole);
}

INSTANTIATE_TEST_SUITE_P(All, PublishedArchitecture,
                         testing::Values(Published{"conv4", {1, 28, 28}, 0, true, 111936, 64},
                                         Published{"lenet-300-100", {1, 28, 28}, 10, false, 266610, 100},
                                         Published{"lenet5", {1, 28, 28}, 10, false, 61706, 84},
                                         Published{"resnet18", {3, 32, 32}, 10, false, 11173962, 512},
                                         Published{"resnet18-gem", {3, 32, 32}, 100, false, 1109240, 160},
                                         Published{"simplenet", {3, 32, 32}, 10, true, 5498378, 256},
                                         Published{"wrn-16-4", {3, 32, 32}, 10, false, 2748890, 256},
                                         Published{"wrn-28-10", {3, 32, 32}, 10, false, 36479194, 640}));

TEST(Architectures, SimpleNetHasThePublishedWeights) {
  std::size_t weights = 0;
  for (const auto& tensor : nn::network_tensors(architecture("simplenet", {3, 32, 32}, {.classes = 10})))
    if (tensor.role == nn::TensorRole::kWeight) weights += tensor.size();
  EXPECT_EQ(weights, 5484736U);
}

TEST(Architectures, EveryNameTrainsOneStepAndInfers) {
  for (const std::string_view name : {"lenet5", "resnet18-gem", "wrn-16-4"}) {
    const auto spec = architecture(name, {1, 16, 16}, {.classes = 3, .dropout = 0.3F});
    const auto parameters = nn::Parameters::initial(spec, 1);
    nn::TrainingPlan plan(spec, 2, 1);
    plan.load(parameters);
    Random random(1);
    for (float& value : plan.input()) value = random.normal();
    for (const float value : plan.forward()) EXPECT_TRUE(std::isfinite(value)) << name;
    std::ranges::fill(plan.output_gradient(), 1.0F);
    plan.backward();
    for (const nn::Tensor& tensor : plan.gradients().tensors) {
      if (tensor.spec.role != nn::TensorRole::kWeight) continue;
      EXPECT_THAT(tensor.values, testing::Contains(testing::Ne(0.0F))) << name << " " << tensor.spec.name;
    }
    nn::InferencePlan inference(spec, parameters, 1);
    std::vector<float> output(3);
    inference.forward(plan.input().first(256), output);
    for (const float value : output) EXPECT_TRUE(std::isfinite(value)) << name;
  }
}

TEST(Architectures, Conv4HasThePublishedSize) {
  EXPECT_EQ(architecture("conv4", {1, 28, 28}, {.bias = true}).parameter_count(), 111936U);
  EXPECT_EQ(architecture("conv4", {1, 28, 28}).parameter_count(), 111936U - 4 * 64);
  EXPECT_EQ(architecture("conv4", {1, 28, 28}).output_shape().size(), 64U);
  EXPECT_EQ(architecture("conv4", {3, 84, 84}).output_shape().size(), 1600U);
  EXPECT_NEAR(architecture("conv4", {1, 28, 28}).multiply_adds(), 9.8e6, 0.1e6);
}

TEST(Architectures, ErrorsSayWhatIsPossible) {
  try {
    architecture("conv5", {1, 28, 28});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("unknown architecture 'conv5'; known are: conv4, lenet-300-100"));
  }
  EXPECT_THROW(architecture("conv4", {1, 8, 8}), InputError);
  EXPECT_THROW(architecture("conv4", {1, 28, 28}, {.classes = -1}), InputError);
}

}  // namespace
}  // namespace outrider
