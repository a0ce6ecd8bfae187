#include "learners/averaging/local_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/narrow.h"
#include "learners/averaging/test_updates.h"
#include "learners/encoders/embedder.h"
#include "learners/nn/loss.h"
#include "learners/nn/reference_network.h"
#include "learners/supermask/test_tasks.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

LearningTask small_task(
    const char* strategy,
    const char* network = "input 1x6x6; conv 4 k3 p1; batchnorm; relu; maxpool 2; flatten; linear 3") {
  return {{kTestPicture, false, 0.4F, 0.3F}, nn::parse_network(network), parse_strategy(strategy)};
}

ServerState given_to(const LearningTask& task, std::uint64_t seed = 1) {
  ServerState state = ServerState::initial(task.network, task.strategy, nn::Parameters::initial(task.network, seed));
  Random random(seed, "control");
  state.control = random_tensors(random, controlled_tensors(task.network, task.strategy), 0.1F);
  state.round = 4;
  return state;
}

std::vector<double> inputs_of(const LearningTask& task, const Dataset& pictures) {
  std::vector<float> input(pictures.pixels.size());
  preprocess(pictures.pixels, pixel_values(task.preprocessing), input);
  return {input.begin(), input.end()};
}

// Gradients of the loss at the reference's values, on all pictures as one batch.
void reference_gradients(nn::ReferenceNetwork& network, const LearningTask& task, const Dataset& pictures) {
  const auto logits = network.forward(inputs_of(task, pictures), /*training=*/true);
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

LocalTraining whole_batches(const Dataset& pictures, std::uint64_t steps, float rate) {
  return {.client = numbered_client(2), .batch = pictures.size(), .steps = steps, .rate = rate};
}

class LocalStrategy : public testing::TestWithParam<const char*> {};

// Two rounds, so that the second starts from what the client has kept of the first.
TEST_P(LocalStrategy, FollowsTheFormulas) {
  const LearningTask task = small_task(GetParam());
  const Dataset pictures = test_task(1, 8);
  const ServerState given = given_to(task);
  ClientState own;
  for (int round = 0; round < 2; ++round) {
    const std::uint64_t steps = 5;
    const float rate = 0.05F;
    ReferenceClient reference(task, given, own, pictures);
    reference.train(pictures, steps, static_cast<double>(rate));
    const nn::Parameters start = personal_weights(given, own);
    const ClientState before = own;
    const LocalResult result = train_locally(task, given, own, pictures, whole_batches(pictures, steps, rate));
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
    const LocalResult result = train_locally(task, given_to(task), {}, pictures, {.rate = 0.1F});
    check_update(result.update, task.network, task.strategy, 4);
    EXPECT_EQ(result.own.local.tensors.size(), task.strategy.local_norms ? 4U : 0U);
    EXPECT_EQ(result.own.control.tensors.size(), task.strategy.scaffold ? 6U : 0U);
    EXPECT_GT(result.loss, 0);
  }
}

TEST(LocalTraining, SameSeedSameBits) {
  const LearningTask task = small_task("scaffold", "input 1x6x6; conv 4 k3 p1; relu; flatten; dropout 0.3; linear 3");
  const Dataset pictures = test_task(1, 8);
  const auto learned = [&](unsigned client, std::uint64_t seed, std::uint64_t round) {
    ServerState given = given_to(task);
    given.round = round;
    return train_locally(task, given, {}, pictures,
                         {.client = numbered_client(client), .batch = 5, .epochs = 2, .seed = seed})
        .update;
  };
  const Update first = learned(1, 1, 0);
  EXPECT_EQ(first, learned(1, 1, 0));
  EXPECT_NE(first.delta, learned(2, 1, 0).delta);
  EXPECT_NE(first.delta, learned(1, 2, 0).delta);
  EXPECT_NE(first.delta, learned(1, 1, 1).delta);
}

TEST(LocalTraining, TakesEpochsOrSteps) {
  const LearningTask task = small_task("fedavg");
  const Dataset pictures = test_task(1, 8);  // 24 pictures
  const auto steps = [&](const LocalTraining& options) {
    std::uint64_t heard = 0;
    const auto result =
        train_locally(task, given_to(task), {}, pictures, options, [&](std::uint64_t done, std::uint64_t of) {
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
  EXPECT_THROW(train_locally(task, given_to(task), {}, pictures, {.epochs = 9},
                             [](std::uint64_t done, std::uint64_t) { return done < 3; }),
               InputError);
}

// Share of the pictures that the weights tell right.
double accuracy(const LearningTask& task, const nn::Parameters& weights, const Dataset& pictures) {
  const auto input = inputs_of(task, pictures);
  nn::InferencePlan plan(task.network, weights, 1);
  std::vector<float> logits(pictures.size() * plan.output_size());
  plan.forward(std::vector<float>(input.begin(), input.end()), logits);
  return static_cast<double>(nn::count_correct(logits, pictures.labels)) / static_cast<double>(pictures.size());
}

// Pictures of all classes but one.
Dataset without_class(const Dataset& pictures, std::uint32_t missing) {
  Dataset rest = pictures;
  rest.pixels.clear();
  rest.labels.clear();
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (pictures.labels[i] == missing) continue;
    rest.labels.push_back(pictures.labels[i]);
    rest.pixels.insert(rest.pixels.end(), pictures.image(i).begin(), pictures.image(i).end());
  }
  return rest;
}

// No client sees all classes; after some rounds the weights know them all.
TEST(LocalTraining, ClientsOfUnlikePicturesLearnTogether) {
  for (const char* text : {"fedavg", "fedprox 0.01", "scaffold", "fedavgm rate 0.5 momentum 0.5", "fedadam rate 0.02",
                           "fedyogi rate 0.02", "median", "trimmed 0.4", "krum 0", "clip 1", "fedbuff 3"}) {
    LearningTask task = small_task(text, "input 1x6x6; linear 20; relu; linear 3");
    ServerState state = ServerState::initial(task.network, task.strategy, nn::Parameters::initial(task.network, 1));
    std::vector<ClientState> clients(3);
    for (int round = 0; round < 30; ++round) {
      std::vector<Update> updates;
      for (unsigned client = 0; client < 3; ++client) {
        const LocalTraining options{.client = numbered_client(client), .batch = 10, .rate = 0.1F, .seed = 3};
        LocalResult result =
            train_locally(task, state, clients[client], without_class(test_task(1, 10, client), client), options);
        clients[client] = std::move(result.own);
        updates.push_back(std::move(result.update));
      }
      state = apply_round(task.network, task.strategy, state, updates, {.population = 3});
    }
    EXPECT_GT(accuracy(task, state.weights, test_task(1, 30, 9)), 0.9) << text;
  }
}

// Narrow clients train the leading channels; the whole network learns from all.
TEST(LocalTraining, ClientsOfUnlikeWidthsLearnTogether) {
  const LearningTask task =
      small_task("fedavg", "input 1x6x6; conv 8 k3 p1; batchnorm; relu; flatten; linear 16; relu; linear 3");
  ServerState state = ServerState::initial(task.network, task.strategy, nn::Parameters::initial(task.network, 1));
  const double widths[] = {1, 0.5, 0.25};
  for (int round = 0; round < 20; ++round) {
    std::vector<Update> updates;
    for (unsigned client = 0; client < 3; ++client) {
      const LocalTraining options{
          .client = numbered_client(client), .width = widths[client], .batch = 10, .rate = 0.1F, .seed = 3};
      updates.push_back(train_locally(task, narrow_state(task.network, state, widths[client]), {},
                                      without_class(test_task(1, 10, client), client), options)
                            .update);
    }
    state = apply_round(task.network, task.strategy, state, updates);
  }
  for (const double width : widths) {
    LearningTask part = task;
    part.network = narrow_network(task.network, width);
    EXPECT_GT(accuracy(part, narrow_state(task.network, state, width).weights, test_task(1, 30, 9)), 0.8) << width;
  }
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
  EXPECT_THAT(error(task, given, {}, many, {}), HasSubstr("pictures of 4 classes; the network tells 3 apart"));
  Dataset strange = pictures;
  strange.labels[0] = 3;
  EXPECT_THAT(error(task, given, {}, strange, {}), HasSubstr("a picture of class 3"));
  Dataset wide = pictures;
  wide.shape = {1, 12, 3};
  EXPECT_THAT(error(task, given, {}, wide, {}), HasSubstr("the pictures are 1x12x3"));
  EXPECT_THAT(error(task, given, {}, pictures, {.batch = 0}), HasSubstr("batches of 1 picture or more"));
  EXPECT_THAT(error(task, given, {}, pictures, {.epochs = 0}), HasSubstr("1 epoch or more"));
  EXPECT_THAT(error(task, given, {}, pictures, {.rate = NAN}), HasSubstr("the learning rate nan"));
  EXPECT_THAT(error(task, given, {}, pictures, {.optimizer = {.momentum = 0.9F}}), HasSubstr("SGD without momentum"));
  EXPECT_THAT(error(task, given, {}, pictures, {.epochs = 50, .rate = 1e30F}), HasSubstr("round 4 diverged"));
  ServerState other = given;
  other.control.tensors.clear();
  EXPECT_THAT(error(task, other, {}, pictures, {}), HasSubstr("the server's control variate has 0 tensors"));
  ClientState own;
  own.control = given.weights;
  EXPECT_THAT(error(task, given, own, pictures, {}), HasSubstr("the client's control variate has 8 tensors"));
  own = {.local = given.weights, .control = {}};
  EXPECT_THAT(error(task, given, own, pictures, {}), HasSubstr("the client's normalisation has 8 tensors; expected 0"));
  LearningTask other_task = task;
  other_task.preprocessing.input = {1, 5, 5};
  EXPECT_THAT(error(other_task, given, {}, pictures, {}), HasSubstr("the network reads 1x6x6; the pictures are 1x5x5"));
}

}  // namespace
}  // namespace outrider::averaging
