#include "learners/nn/loss.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "learners/random.h"

namespace outrider::nn {
namespace {

double loss_in_double(const std::vector<double>& logits, const std::vector<std::uint32_t>& labels) {
  const std::size_t classes = logits.size() / labels.size();
  double loss = 0;
  for (std::size_t n = 0; n < labels.size(); ++n) {
    double sum = 0;
    for (std::size_t k = 0; k < classes; ++k) sum += std::exp(logits[n * classes + k]);
    loss -= std::log(std::exp(logits[n * classes + labels[n]]) / sum);
  }
  return loss / static_cast<double>(labels.size());
}

TEST(SoftmaxCrossEntropy, MatchesFiniteDifferences) {
  const std::vector<std::uint32_t> labels{0, 6, 3};
  std::vector<float> logits(21);
  Random random(2);
  for (float& logit : logits) logit = 2 * random.normal();
  std::vector<float> gradient(21);
  const double loss = softmax_cross_entropy(logits, labels, gradient);
  std::vector<double> exact(logits.begin(), logits.end());
  EXPECT_NEAR(loss, loss_in_double(exact, labels), 1e-12);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    auto above = exact;
    auto below = exact;
    above[i] += 1e-5;
    below[i] -= 1e-5;
    EXPECT_NEAR(gradient[i], (loss_in_double(above, labels) - loss_in_double(below, labels)) / 2e-5, 1e-7);
  }
}

TEST(SoftmaxCrossEntropy, SurvivesLargeLogits) {
  std::vector<float> gradient(2);
  EXPECT_NEAR(softmax_cross_entropy(std::vector<float>{1e30F, -1e30F}, std::vector<std::uint32_t>{0}, gradient), 0, 0);
  EXPECT_EQ(gradient, (std::vector<float>{0, 0}));
  EXPECT_NEAR(softmax_cross_entropy(std::vector<float>{0, 5000}, std::vector<std::uint32_t>{0}, gradient), 5000, 1e-9);
}

TEST(MaskedCrossEntropy, MatchesFiniteDifferencesAndLeavesTheOthersAlone) {
  const std::vector<std::uint32_t> labels{0, 6, 3};
  const std::vector<std::uint8_t> counted{1, 0, 0, 1, 1, 0, 1};
  std::vector<float> logits(21);
  Random random(3);
  for (float& logit : logits) logit = 2 * random.normal();
  std::vector<float> gradient(21, 1);
  const double loss = masked_cross_entropy(logits, labels, counted, gradient);
  const auto in_double = [&](std::vector<double> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (counted[i % counted.size()] == 0) values[i] = 0;
    return loss_in_double(values, labels);
  };
  const std::vector<double> exact(logits.begin(), logits.end());
  EXPECT_NEAR(loss, in_double(exact), 1e-12);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    auto above = exact;
    auto below = exact;
    above[i] += 1e-5;
    below[i] -= 1e-5;
    EXPECT_NEAR(gradient[i], (in_double(above) - in_double(below)) / 2e-5, 1e-7);
    if (counted[i % counted.size()] == 0) {
      EXPECT_EQ(gradient[i], 0);
    }
  }
  EXPECT_EQ(masked_cross_entropy(logits, labels, std::vector<std::uint8_t>(7, 1), gradient),
            softmax_cross_entropy(logits, labels, gradient));
}

TEST(MeanSquaredError, MatchesFiniteDifferences) {
  std::vector<float> output(15);
  std::vector<float> target(15);
  Random random(3);
  for (float& value : output) value = random.normal();
  for (float& value : target) value = random.normal();
  const auto loss = [&](const std::vector<double>& values) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += std::pow(values[i] - target[i], 2) / 15;
    return sum;
  };
  std::vector<float> gradient(15);
  std::vector<double> values(output.begin(), output.end());
  EXPECT_NEAR(mean_squared_error(output, target, gradient), loss(values), 1e-12);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double before = values[i];
    values[i] = before + 1e-5;
    const double above = loss(values);
    values[i] = before - 1e-5;
    EXPECT_NEAR(gradient[i], (above - loss(values)) / 2e-5, 1e-6);
    values[i] = before;
  }
}

TEST(CountCorrect, TakesTheFirstOfEquals) {
  const std::vector<float> logits{1, 1, 0, 2, 0, 3};
  EXPECT_EQ(count_correct(logits, std::vector<std::uint32_t>{0, 1, 1}), 3U);
  EXPECT_EQ(count_correct(logits, std::vector<std::uint32_t>{1, 0, 0}), 0U);
}

}  // namespace
}  // namespace outrider::nn
