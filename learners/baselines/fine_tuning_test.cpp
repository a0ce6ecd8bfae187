#include "learners/baselines/fine_tuning.h"

#include <algorithm>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/random.h"

namespace outrider::baselines {
namespace {

Encoder tiny_encoder() {
  Encoder encoder;
  encoder.name = "tiny";
  encoder.preprocessing = {.input = {1, 4, 4}, .mean = 0.5F, .deviation = 0.25F};
  encoder.network = nn::parse_network("input 1x4x4; linear 5; relu");
  encoder.parameters = nn::Parameters::initial(encoder.network, 1);
  return encoder;
}

Dataset shades() {
  Dataset dataset;
  dataset.shape = {1, 4, 4};
  dataset.classes = {"dark", "bright"};
  for (std::size_t n = 0; n < 10; ++n) {
    dataset.labels.push_back(static_cast<std::uint32_t>(n % 2));
    for (std::size_t i = 0; i < 16; ++i) dataset.pixels.push_back(static_cast<std::uint8_t>(n % 2 * 150 + n * 7 + i));
  }
  return dataset;
}

Examples both(const Preprocessing& preprocessing) {
  Examples examples;
  examples.append(shades(), {0, 2, 4, 6, 8}, 0, preprocessing);
  examples.append(shades(), {1, 3, 5, 7, 9}, 1, preprocessing);
  return examples;
}

// As the bits are promised: the order of the seed, the last batch filled up from the order's beginning.
std::size_t correct_by_hand(const Examples& examples, const HeadTuning& options, std::size_t step) {
  const nn::NetworkSpec network = nn::parse_network("input 1x4x4; linear 5; relu; linear 2");
  nn::TrainingPlan plan(network, options.batch, options.threads);
  nn::Parameters start = nn::Parameters::initial(network, options.seed);
  std::ranges::copy(tiny_encoder().parameters.tensors, start.tensors.begin());
  plan.load(start);
  nn::Optimizer optimizer(plan, {});
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::uint32_t> labels(options.batch);
  for (std::size_t epoch = 0; epoch < options.epochs; ++epoch) {
    Random(options.seed, "fine-tuning", step, epoch).shuffle(std::span(order));
    for (std::size_t begin = 0; begin < order.size(); begin += options.batch) {
      for (std::size_t i = 0; i < options.batch; ++i) {
        const std::size_t example = order[(begin + i) % order.size()];
        std::copy_n(examples.inputs.begin() + static_cast<std::ptrdiff_t>(example * 16), 16,
                    plan.input().begin() + static_cast<std::ptrdiff_t>(i * 16));
        labels[i] = examples.outputs[example];
      }
      nn::softmax_cross_entropy(plan.forward(), labels, plan.output_gradient());
      plan.backward();
      optimizer.step(options.rate);
    }
  }
  nn::InferencePlan inference(network, plan.parameters(), options.threads);
  std::vector<float> logits(examples.size() * 2);
  inference.forward(examples.inputs, logits);
  return nn::count_correct(logits, examples.outputs);
}

TEST(FineTunedHead, LearnsInTheSeedsOrderWithTheLastBatchFilledUp) {
  const Encoder encoder = tiny_encoder();
  const Examples examples = both(encoder.preprocessing);
  for (const std::size_t batch : {3U, 5U, 12U})
    for (const std::size_t epochs : {1U, 2U, 30U}) {
      const HeadTuning options{.epochs = epochs, .batch = batch, .rate = 0.02F, .seed = 4, .threads = 1};
      std::size_t polls = 0;
      FineTunedHead head(encoder, 2, options, [&] { ++polls; });
      head.train(examples, 7);
      EXPECT_EQ(head.correct(examples), correct_by_hand(examples, options, 7)) << batch << ' ' << epochs;
      EXPECT_EQ(polls, epochs * ((examples.size() + batch - 1) / batch));
    }
}

TEST(FineTunedHead, SaysThatItDiverged) {
  const Encoder encoder = tiny_encoder();
  FineTunedHead head(encoder, 2, {.epochs = 20, .batch = 5, .rate = 1e30F, .threads = 1}, {});
  try {
    head.train(both(encoder.preprocessing), 0);
    FAIL() << "nothing was said";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("training of the fine-tuned network diverged"));
  }
}

}  // namespace
}  // namespace outrider::baselines
