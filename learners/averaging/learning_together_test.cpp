// Whole federations: clients train, the server averages, round after round.
#include <gtest/gtest.h>

#include "learners/averaging/local_training.h"
#include "learners/averaging/matched_average.h"
#include "learners/averaging/test_clients.h"
#include "learners/averaging/test_updates.h"
#include "learners/averaging/update_wire.h"
#include "learners/surgery/matching.h"
#include "learners/surgery/narrow.h"
#include "learners/training/local_work.h"

namespace outrider::averaging {
namespace {

constexpr training::LocalWork kShort{.batch = 10, .rate = 0.1F};

class LearningTogether : public testing::TestWithParam<const char*> {};

// No client sees all classes; after some rounds the weights know them all. Updates travel in int8.
TEST_P(LearningTogether, ClientsOfUnlikePicturesKnowAllClasses) {
  const LearningTask task = small_task(GetParam(), kShort, "input 1x6x6; linear 20; relu; linear 3");
  ServerState state = task.initial_state();
  std::vector<ClientState> clients(3);
  for (int round = 0; round < 30; ++round) {
    std::vector<Update> updates;
    for (unsigned client = 0; client < clients.size(); ++client) {
      LocalResult result = train_locally(task, state, clients[client], without_class(test_task(1, 10, client), client),
                                         {.client = shuffled_client(client)});
      clients[client] = std::move(result.own);
      updates.push_back(decode_update(encode_update(result.update, Encoding::kInt8), shuffled_client(client),
                                      task.network, task.strategy));
    }
    state = apply_round(task.network, task.strategy, state, updates, {.population = 3});
  }
  EXPECT_GT(accuracy(task, state.weights, test_task(1, 30, 9)), 0.9);
}

INSTANTIATE_TEST_SUITE_P(Averaging, LearningTogether,
                         testing::Values("fedavg", "fedprox 0.01", "scaffold", "fedavgm rate 0.5 momentum 0.5",
                                         "fedadagrad rate 0.1", "fedadam rate 0.02", "fedyogi rate 0.02", "fedadagrad",
                                         "fedadam", "fedyogi", "median", "trimmed 0.4", "krum 0", "clip 1",
                                         "fedbuff 3"));

// Narrow clients train the leading channels; every part of the network learns from all clients. (A narrow client that
// lacks a class would keep its part from knowing it: the wider ones train that part with theirs, not by itself.)
TEST(LearningTogetherNarrow, EveryWidthKnowsAllClasses) {
  const LearningTask task =
      small_task("fedavg", kShort, "input 1x6x6; conv 8 k3 p1; relu; flatten; linear 16; relu; linear 3");
  ServerState state = task.initial_state();
  const double widths[] = {1, 0.5, 0.25};
  for (int round = 0; round < 20; ++round) {
    std::vector<Update> updates;
    for (unsigned client = 0; client < 3; ++client)
      updates.push_back(train_locally(task, narrow_state(task.network, state, widths[client]), {},
                                      test_task(1, 10, client),
                                      {.client = shuffled_client(client), .width = widths[client]})
                            .update);
    state = apply_round(task.network, task.strategy, state, updates);
  }
  for (const double width : widths) {
    LearningTask part = task;
    part.network = surgery::narrow_network(task.network, width);
    EXPECT_GT(accuracy(part, narrow_state(task.network, state, width).weights, test_task(1, 30, 9)), 0.9) << width;
  }
}

// Each client lacks a class, and is alone with its width. Accuracies of the parts.
std::vector<double> learned_without_a_class(bool nested) {
  const std::vector<double> widths{1, 0.5, 0.25};
  training::LocalWork work = kShort;
  work.nested = nested;
  const LearningTask task =
      small_task("fedavg", work, "input 1x6x6; conv 8 k3 p1; relu; flatten; linear 16; relu; linear 3");
  ServerState state = task.initial_state();
  for (int round = 0; round < 20; ++round) {
    std::vector<Update> updates;
    for (unsigned client = 0; client < 3; ++client) {
      const LocalTraining options{.client = shuffled_client(client), .width = widths[client], .parts = widths};
      updates.push_back(train_locally(task, narrow_state(task.network, state, widths[client]), {},
                                      without_class(test_task(1, 10, client), client), options)
                            .update);
    }
    state = apply_round(task.network, task.strategy, state, updates);
  }
  std::vector<double> accuracies;
  for (const double width : widths) {
    LearningTask part = task;
    part.network = surgery::narrow_network(task.network, width);
    accuracies.push_back(accuracy(part, narrow_state(task.network, state, width).weights, test_task(1, 30, 9)));
  }
  return accuracies;
}

TEST(LearningTogetherNarrow, NestedTrainingTeachesThePartsWhatTheirClientsLack) {
  EXPECT_LT(learned_without_a_class(false).back(), 0.75);
  for (const double accuracy : learned_without_a_class(true)) EXPECT_GT(accuracy, 0.9);
}

// Networks that learned the same pictures from unlike beginnings.
class TrainedApart : public testing::Test {
 protected:
  TrainedApart() {
    for (const std::uint64_t seed : {1, 2}) {
      LearningTask task = task_;
      task.seed = seed;
      const ServerState given = task.initial_state();
      const Update updates[] = {train_locally(task, given, {}, pictures_, {}).update};
      learned_.push_back(apply_round(task.network, task.strategy, given, updates).weights);
    }
  }

  double loss_of_average(const surgery::ChannelSelection& match) const {
    const nn::Parameters networks[] = {
        learned_[0], surgery::select_channels(surgery::channel_groups(task_.network), learned_[1], match)};
    const double weights[] = {1, 1};
    return loss_of(weighted_average(networks, weights));
  }
  double loss_of(const nn::Parameters& network) const {
    const auto logits = logits_of(task_, network, pictures_);
    std::vector<float> gradient(logits.size());
    return nn::softmax_cross_entropy(logits, pictures_.labels, gradient);
  }

  const LearningTask task_ =
      small_task("fedavg", {.epochs = 20, .rate = 0.1F}, "input 1x6x6; linear 32; relu; linear 32; relu; linear 3");
  const Dataset pictures_ = test_task(1, 30);
  std::vector<nn::Parameters> learned_;
};

TEST_F(TrainedApart, NetworksKnowMoreTogetherWhenTheyAreInStep) {
  const double apart = loss_of_average(surgery::all_channels(surgery::channel_groups(task_.network)));
  for (const auto& match :
       {surgery::match_by_weights(task_.network, learned_[0], learned_[1]),
        surgery::match_by_activations(task_.network, learned_[0], learned_[1], inputs_of(task_, pictures_))})
    EXPECT_LT(loss_of_average(match), 0.5 * apart);
  const double weights[] = {1, 1};
  EXPECT_LT(loss_of(matched_average(task_.network, learned_, weights, inputs_of(task_, pictures_))), 0.5 * apart);
}

}  // namespace
}  // namespace outrider::averaging
