#include "learners/averaging/local_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/test_clients.h"
#include "learners/averaging/test_updates.h"
#include "learners/nn/reference_network.h"
#include "learners/surgery/narrow.h"
#include "learners/training/local_work.h"
#include "learners/training/training_cost.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

ServerState given_to(const LearningTask& task) {
  ServerState state = task.initial_state();
  Random random(1, "control");
  state.control = random_tensors(random, controlled_tensors(task.network, task.strategy), 0.1F);
  state.round = 4;
  return state;
}

// Gradients of the loss at the reference's values, on all pictures as one batch.
void reference_gradients(nn::ReferenceNetwork& network, const LearningTask& task, const Dataset& pictures) {
  const auto inputs = inputs_of(task, pictures);
  const auto logits = network.forward({inputs.begin(), inputs.end()}, /*training=*/true);
  const std::vector<float> rounded(logits.begin(), logits.end());
  std::vector<float> gradient(rounded.size());
  nn::softmax_cross_entropy(rounded, pictures.labels, gradient);
  network.backward({gradient.begin(), gradient.end()});
}

bool is_local(const LearningTask& task, const nn::TensorSpec& tensor) {
  return task.strategy.local_norms && std::holds_alternative<nn::BatchNorm>(task.network.layers[tensor.layer]);
}

// The formulas of the papers, on the reference network: w -= rate (g + mu (w - w0) + c - c_i).
class ReferenceClient {
 public:
  ReferenceClient(const LearningTask& task, const ServerState& given, const ClientState& own, const Dataset& pictures)
      : task_(task), given_(given), own_(own), network_(task.network, personal_weights(given, own), pictures.size()) {}

  void train(const Dataset& pictures, std::uint64_t steps, double rate) {
    const auto start = network_.values;
    for (std::uint64_t step = 0; step < steps; ++step) {
      reference_gradients(network_, task_, pictures);
      for (const nn::Tensor& tensor : given_.weights.tensors)
        if (tensor.spec.trainable()) move(tensor.spec, start.at(tensor.spec.name), rate);
    }
  }
  const std::vector<double>& values(const std::string& name) const { return network_.values.at(name); }

 private:
  void move(const nn::TensorSpec& tensor, const std::vector<double>& start, double rate) {
    std::vector<double>& values = network_.values.at(tensor.name);
    const std::vector<double> gradients = network_.gradients.at(tensor.name);
    for (std::size_t i = 0; i < values.size(); ++i) {
      double slope = gradients[i];
      if (!is_local(task_, tensor)) slope += task_.strategy.proximal * (values[i] - start[i]);
      if (task_.strategy.scaffold) {
        slope += static_cast<double>(given_.control.at(tensor.name).values[i]);
        if (!own_.control.tensors.empty()) slope -= static_cast<double>(own_.control.at(tensor.name).values[i]);
      }
      values[i] -= rate * slope;
    }
  }

  const LearningTask& task_;
  const ServerState& given_;
  const ClientState& own_;
  nn::ReferenceNetwork network_;
};

class LocalStrategy : public testing::TestWithParam<const char*> {};

// Two rounds, so that the second starts from what the client has kept of the first.
TEST_P(LocalStrategy, FollowsTheFormulas) {
  const Dataset pictures = test_task(1, 8);
  const std::uint64_t steps = 5;
  const float rate = 0.05F;
  const LearningTask task = small_task(GetParam(), {.batch = pictures.size(), .steps = steps, .rate = rate});
  const ServerState given = given_to(task);
  ClientState own;
  for (int round = 0; round < 2; ++round) {
    ReferenceClient reference(task, given, own, pictures);
    reference.train(pictures, steps, static_cast<double>(rate));
    const nn::Parameters start = personal_weights(given, own);
    const ClientState before = own;
    const LocalResult result = train_locally(task, given, own, pictures, {.client = shuffled_client(2)});
    EXPECT_EQ(result.update.client, shuffled_client(2));
    EXPECT_EQ(result.update.samples, pictures.size());
    EXPECT_EQ(result.update.round, 4U);
    for (const nn::Tensor& tensor : result.update.delta.tensors)
      for (std::size_t i = 0; i < tensor.values.size(); ++i)
        ASSERT_NEAR(start.at(tensor.spec.name).values[i] + tensor.values[i], reference.values(tensor.spec.name)[i],
                    2e-5)
            << tensor.spec.name;
    own = result.own;
    for (const nn::Tensor& tensor : own.local.tensors)
      for (std::size_t i = 0; i < tensor.values.size(); ++i)
        ASSERT_NEAR(tensor.values[i], reference.values(tensor.spec.name)[i], 2e-5) << tensor.spec.name;
    for (const nn::Tensor& tensor : own.control.tensors)
      for (std::size_t i = 0; i < tensor.values.size(); ++i) {
        const double kept = before.control.tensors.empty() ? 0 : before.control.at(tensor.spec.name).values[i];
        const double expected = kept - given.control.at(tensor.spec.name).values[i] -
                                (reference.values(tensor.spec.name)[i] - start.at(tensor.spec.name).values[i]) /
                                    (static_cast<double>(steps) * static_cast<double>(rate));
        ASSERT_NEAR(tensor.values[i], expected, 1e-4) << tensor.spec.name;
        ASSERT_NEAR(tensor.values[i], kept + result.update.control.at(tensor.spec.name).values[i], 1e-6);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Averaging, LocalStrategy,
                         testing::Values("fedavg", "fedprox 0.5", "scaffold", "scaffold; fedprox 0.3", "fedbn",
                                         "fedbn; fedprox 0.5"));

TEST(LocalTraining, GivesWhatTheStrategyShares) {
  const Dataset pictures = test_task(1, 8);
  for (const char* text : {"fedavg", "fedbn", "scaffold"}) {
    const LearningTask task = small_task(text);
    const LocalResult result = train_locally(task, given_to(task), {}, pictures, {});
    check_update(result.update, task.network, task.strategy, 4);
    EXPECT_EQ(result.own.local.tensors.size(), task.strategy.local_norms ? 4U : 0U);
    EXPECT_EQ(result.own.control.tensors.size(), task.strategy.scaffold ? 6U : 0U);
    EXPECT_GT(result.loss, 0);
  }
}

TEST(LocalTraining, SameSeedSameBits) {
  LearningTask task = small_task("scaffold", {.batch = 5, .epochs = 2},
                                 "input 1x6x6; conv 4 k3 p1; relu; flatten; dropout 0.3; linear 3");
  const ServerState given = given_to(task);
  const Dataset pictures = test_task(1, 8);
  const auto learned = [&](unsigned client, std::uint64_t seed, std::uint64_t round) {
    task.seed = seed;
    ServerState its_given = given;
    its_given.round = round;
    return train_locally(task, its_given, {}, pictures, {.client = shuffled_client(client)}).update;
  };
  const Update first = learned(1, 1, 0);
  EXPECT_EQ(first, learned(1, 1, 0));
  EXPECT_NE(first.delta, learned(2, 1, 0).delta);
  EXPECT_NE(first.delta, learned(1, 2, 0).delta);
  EXPECT_NE(first.delta, learned(1, 1, 1).delta);
}

TEST(LocalTraining, WithAMaskedLossLeavesTheScoresOfMissingClassesAlone) {
  const Dataset pictures = without_class(test_task(1, 8), 1);
  for (const bool masked : {false, true}) {
    const LearningTask task = small_task("fedavg", {.masked = masked});
    const Update update = train_locally(task, given_to(task), {}, pictures, {}).update;
    for (const char* name : {"5.weight", "5.bias"}) {
      const nn::Tensor& head = update.delta.at(name);
      const std::size_t row = head.values.size() / 3;
      const auto moved = [&](std::size_t output) {
        const auto values = std::span(head.values).subspan(output * row, row);
        return std::ranges::any_of(values, [](float value) { return value != 0; });
      };
      EXPECT_TRUE(moved(0) && moved(2));
      EXPECT_EQ(moved(1), !masked);
    }
  }
}

TEST(LocalTraining, NestedGoesOnWithANarrowerPart) {
  for (const char* strategy : {"fedavg", "fedbn", "fedprox 0.1"}) {
    const LearningTask task = small_task(strategy, {.nested = true});
    const Dataset pictures = test_task(1, 8);
    const auto learned = [&](std::vector<double> parts) {
      const ServerState given = narrow_state(task.network, given_to(task), 0.75);
      return train_locally(task, given, {}, pictures, {.width = 0.75, .parts = std::move(parts)});
    };
    const LocalResult plain = learned({1, 0.75});
    const LocalResult nested = learned({1, 0.75, 0.5});
    EXPECT_EQ(nested.update, learned({1, 0.75, 0.5}).update);
    EXPECT_NE(nested.update.delta, plain.update.delta);
    EXPECT_EQ(nested.own, plain.own);
    const auto operations_of = [&](double width) {
      return training::training_operations(surgery::narrow_network(task.network, width),
                                           static_cast<double>(pictures.size()));
    };
    EXPECT_EQ(plain.operations, operations_of(0.75));
    EXPECT_EQ(nested.operations, operations_of(0.75) + operations_of(0.5));
    check_update(nested.update, task.network, task.strategy, 4);
    // What lies outside of the part, and the running statistics, are as they were.
    const surgery::ChannelGroups groups = surgery::channel_groups(surgery::narrow_network(task.network, 0.75));
    const surgery::ChannelSelection part = surgery::leading_channels(surgery::channel_groups(task.network), 0.5);
    for (const nn::Tensor& tensor : plain.update.delta.tensors) {
      const auto inside = surgery::selected_places(groups, groups.at(tensor.spec.name), part);
      const std::vector<float>& other = nested.update.delta.at(tensor.spec.name).values;
      for (std::uint32_t i = 0; i < other.size(); ++i)
        if (!tensor.spec.trainable() || std::ranges::find(inside, i) == inside.end()) {
          EXPECT_EQ(other[i], tensor.values[i]) << tensor.spec.name;
        }
    }
  }
}

TEST(LocalTraining, TakesEpochsOrSteps) {
  const Dataset pictures = test_task(1, 8);  // 24 pictures
  const auto steps = [&](const training::LocalWork& work) {
    const LearningTask task = small_task("fedavg", work);
    std::uint64_t heard = 0;
    const auto result =
        train_locally(task, given_to(task), {}, pictures, {}, [&](std::uint64_t done, std::uint64_t of) {
          EXPECT_EQ(done, ++heard);
          EXPECT_LE(done, of);
          return true;
        });
    EXPECT_EQ(result.steps, heard);
    return heard;
  };
  EXPECT_EQ(steps({.batch = 5, .epochs = 3}), 12U);
  EXPECT_EQ(steps({.batch = 100, .epochs = 3}), 3U);
  EXPECT_EQ(steps({.batch = 5, .epochs = 3, .steps = 7}), 7U);
  const LearningTask task = small_task("fedavg", {.epochs = 9});
  EXPECT_THROW(
      train_locally(task, given_to(task), {}, pictures, {}, [](std::uint64_t done, std::uint64_t) { return done < 3; }),
      InputError);
}

TEST(LocalTraining, RefusesWhatDoesNotFit) {
  const LearningTask task = small_task("scaffold");
  const ServerState given = given_to(task);
  const Dataset pictures = test_task(1, 4);
  const auto error = [&](const LearningTask& its_task, const ServerState& its_given, const ClientState& own,
                         const Dataset& its_pictures, const LocalTraining& options) {
    return objection_of([&] { train_locally(its_task, its_given, own, its_pictures, options); }).value_or("no error");
  };
  EXPECT_EQ(error(task, given, {}, pictures, {}), "no error");
  EXPECT_THAT(error(task, given, {}, {kTestPicture, {}, {}, {"a"}, {}, {}}, {}), HasSubstr("no pictures"));
  Dataset many = pictures;
  many.classes.emplace_back("d");
  EXPECT_THAT(error(task, given, {}, many, {}), HasSubstr("pictures of 'd', which is none of the task's classes"));
  Dataset strange = pictures;
  strange.labels[0] = 3;
  EXPECT_THAT(error(task, given, {}, strange, {}), HasSubstr("a picture of class 3; its pictures have 3"));
  Dataset wide = pictures;
  wide.shape = {1, 12, 3};
  EXPECT_THAT(error(task, given, {}, wide, {}), HasSubstr("the pictures are 1x12x3"));
  EXPECT_THAT(error(task, given, {}, pictures, {.optimizer = {.momentum = 0.9F}}), HasSubstr("SGD without momentum"));
  EXPECT_THAT(error(small_task("scaffold", {.epochs = 50, .rate = 1e30F}), given, {}, pictures, {}),
              HasSubstr("round 4 diverged"));
  ServerState other = given;
  other.control.tensors.clear();
  EXPECT_THAT(error(task, other, {}, pictures, {}), HasSubstr("the server's control variate has 0 tensors"));
  ClientState own;
  own.control = given.weights;
  EXPECT_THAT(error(task, given, own, pictures, {}), HasSubstr("the client's control variate has 8 tensors"));
  own = {.local = given.weights, .control = {}};
  EXPECT_THAT(error(task, given, own, pictures, {}), HasSubstr("the client's normalisation has 8 tensors; expected 0"));
  EXPECT_THAT(error(small_task("scaffold", {.batch = 0}), given, {}, pictures, {}),
              HasSubstr("batches of no pictures"));
}

}  // namespace
}  // namespace outrider::averaging
