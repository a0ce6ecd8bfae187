#include <stdexcept>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/nn/plan.h"
#include "learners/random.h"

namespace outrider::nn {
namespace {

struct Architecture {
  const char* name;
  const char* network;
};

void PrintTo(const Architecture& c, std::ostream* out) {
  *out << c.network;
}

constexpr std::size_t kSamples = 33;

class InvarianceTest : public testing::TestWithParam<Architecture> {
 protected:
  InvarianceTest() : spec_(parse_network(GetParam().network)), parameters_(Parameters::initial(spec_, 5)) {
    Random random(1);
    input_.resize(kSamples * spec_.input.size());
    for (float& value : input_) value = random.normal();
  }

  std::vector<float> run(std::span<const float> input, int threads) {
    InferencePlan plan(spec_, parameters_, threads);
    std::vector<float> output(input.size() / spec_.input.size() * plan.output_size());
    plan.forward(input, output);
    return output;
  }
  std::span<const float> sample(std::size_t index) const {
    return std::span(input_).subspan(index * spec_.input.size(), spec_.input.size());
  }

  NetworkSpec spec_;
  Parameters parameters_;
  std::vector<float> input_;
};

TEST_P(InvarianceTest, ThreadsDoNotMatter) {
  const auto expected = run(input_, 1);
  for (const int threads : {2, 3, 8}) EXPECT_EQ(run(input_, threads), expected) << threads << " threads";
}

TEST_P(InvarianceTest, NeighboursAndPositionDoNotMatter) {
  const auto together = run(input_, 2);
  const std::size_t size = together.size() / kSamples;
  std::vector<float> reversed;
  for (std::size_t i = kSamples; i-- > 0;) reversed.insert(reversed.end(), sample(i).begin(), sample(i).end());
  const auto backwards = run(reversed, 2);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const std::vector<float> expected(together.begin() + static_cast<std::ptrdiff_t>(i * size),
                                      together.begin() + static_cast<std::ptrdiff_t>((i + 1) * size));
    EXPECT_EQ(run(sample(i), 2), expected) << "alone, sample " << i;
    const auto at = backwards.begin() + static_cast<std::ptrdiff_t>((kSamples - 1 - i) * size);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), at)) << "reversed, sample " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, InvarianceTest,
    testing::Values(
        Architecture{"Conv4",
                     "input 1x28x28; conv 64 k3 p1; batchnorm; relu; maxpool 2; conv 64 k3 p1; batchnorm; relu; "
                     "maxpool 2; conv 64 "
                     "k3 p1; batchnorm; relu; maxpool 2; conv 64 k3 p1; batchnorm; relu; maxpool 2; flatten"},
        Architecture{"OddColour", "input 3x17x19; conv 10 k5 s2; relu; conv 21 k3 p1; globalavgpool; linear 7"},
        Architecture{
            "Residual",
            "input 3x16x16; conv 20 k3 p1 nobias; batchnorm; relu; as x; conv 20 k3 p1 nobias; batchnorm; "
            "relu; conv 20 k3 p1 nobias; batchnorm; add x; relu; ibn 7; upsample 2 bilinear; globalavgpool; linear 5"},
        Architecture{"Perceptron", "input 784x1x1; linear 300; relu; linear 100; batchnorm; relu; linear 10"}),
    [](const auto& test) { return test.param.name; });

TEST(Inference, NoSamplesNoWork) {
  const auto spec = parse_network("input 3x1x1; linear 2");
  InferencePlan plan(spec, Parameters::initial(spec, 1), 2);
  plan.forward({}, {});
}

TEST(Inference, NewParametersTakeEffect) {
  const auto spec = parse_network("input 2x4x4; conv 3 k3 p1; batchnorm; relu; linear 2");
  const Parameters first = Parameters::initial(spec, 1);
  const Parameters second = Parameters::initial(spec, 2);
  const std::vector<float> input(32, 0.5F);
  const auto run = [&](InferencePlan& plan) {
    std::vector<float> output(2);
    plan.forward(input, output);
    return output;
  };
  InferencePlan fresh(spec, second, 1);
  InferencePlan reloaded(spec, first, 2);
  EXPECT_NE(run(reloaded), run(fresh));
  reloaded.load(second);
  EXPECT_EQ(run(reloaded), run(fresh));
}

TEST(Inference, PassesOnWhatTheFillThrows) {
  const auto spec = parse_network("input 3x1x1; linear 2");
  InferencePlan plan(spec, Parameters::initial(spec, 1), 2);
  std::vector<float> output(20);
  const auto failing = [](std::size_t index, std::span<float> values) {
    if (index == 7) throw std::out_of_range("seven");
    std::ranges::fill(values, 1.0F);
  };
  EXPECT_THROW(plan.forward(10, failing, output), std::out_of_range);
  plan.forward(
      10, [](std::size_t, std::span<float> values) { std::ranges::fill(values, 1.0F); }, output);
  EXPECT_EQ(output[0], output[18]);
}

TEST(Inference, StatesItsBytesBeforeAllocating) {
  const auto spec = parse_network("input 2x8x8; conv 16 k3 p1; batchnorm; relu; linear 2");
  for (const int threads : {1, 3})
    EXPECT_EQ(InferencePlan(spec, Parameters::initial(spec, 1), threads).bytes(),
              InferencePlan::planned_bytes(spec, threads));
}

TEST(Inference, KeepsToItsBudget) {
  const auto spec = parse_network("input 2x8x8; conv 16 k3 p1; linear 2");
  const auto parameters = Parameters::initial(spec, 1);
  const std::size_t needed = InferencePlan::planned_bytes(spec, 2);
  EXPECT_NO_THROW(const InferencePlan plan(spec, parameters, 2, {.bytes = needed}));
  try {
    const InferencePlan plan(spec, parameters, 2, {.bytes = 1000});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), "inference with the network on 2 threads needs " + std::to_string(needed) +
                                             " bytes of memory; 1000 are allowed");
  }
}

TEST(Inference, RefusesForeignParameters) {
  const auto spec = parse_network("input 3x1x1; linear 2");
  EXPECT_THROW(InferencePlan(spec, Parameters::initial(parse_network("input 4x1x1; linear 2"), 1), 1), InputError);
}

}  // namespace
}  // namespace outrider::nn
