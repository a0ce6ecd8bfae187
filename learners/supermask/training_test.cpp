#include "learners/supermask/training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/nn/derived_weights.h"
#include "learners/supermask/task_network.h"
#include "learners/supermask/test_base.h"

namespace outrider {
namespace {

using testing::HasSubstr;

MaskTraining quick(std::size_t weight_epochs = 4) {
  return {.batch = 15, .mask_epochs = 6, .mask_rate = 0.02F, .weight_epochs = weight_epochs, .seed = 3, .threads = 1};
}

TaskRecord learn(const BaseNetwork& base, const Ownership& known, std::uint64_t number, const MaskTraining& options) {
  return learn_task(base, known, test_task(number), random_scores(base, number), options);
}

const char* const kConvolutional =
    "input 1x6x6; conv 8 k3 p1 nobias; batchnorm noaffine; relu; maxpool 2; flatten; linear 3 nobias";

TEST(MaskTraining, FindsAMaskThatTellsTheClassesApart) {
  for (const char* network : {"input 1x6x6; linear 40 nobias; relu; linear 3 nobias", kConvolutional}) {
    const BaseNetwork base = test_base(network);
    const TaskRecord record = learn(base, Ownership(base), 1, quick(0));
    TaskNetwork judge(base, 1);
    judge.use(record);
    EXPECT_GT(judge.accuracy(test_task(1, 30, 1)), 0.9) << network;
    EXPECT_FALSE(record.has_values());
    for (std::size_t i = 0; i < record.layers.size(); ++i)
      EXPECT_EQ(record.layers[i].count(), std::ceil(0.3 * static_cast<double>(base.weight_tensors()[i].size())));
  }
}

// What the first layer keeps leads to hidden units that the second does not read: nothing reaches the outputs, and no
// gradient comes back that would move the scores.
TEST(MaskTraining, ADeadMaskIsSearchedAnew) {
  const BaseNetwork base = test_base("input 1x6x6; linear 40 nobias; relu; linear 3 nobias");
  Scores dead = random_scores(base, 1);
  for (float& score : dead[0]) score *= 0.1F;
  for (float& score : dead[1]) score *= 0.1F;
  for (std::size_t i = 0; i < 12 * 36; ++i) dead[0][i] = 1;  // into the first twelve units
  for (std::size_t output = 0; output < 3; ++output)
    for (std::size_t unit = 28; unit < 40; ++unit) dead[1][output * 40 + unit] = 1;  // out of the last twelve
  std::size_t steps = 0;
  MaskTraining training = quick(0);
  training.after_step = [&] { ++steps; };
  const TaskRecord record = learn_task(base, Ownership(base), test_task(1), dead, training);
  TaskNetwork judge(base, 1);
  judge.use(record);
  EXPECT_GT(judge.accuracy(test_task(1, 30, 1)), 0.9);
  // Half of a search was given up, one was gone through.
  std::size_t usual = 0;
  training.after_step = [&] { ++usual; };
  learn_task(base, Ownership(base), test_task(1), random_scores(base, 1), training);
  EXPECT_EQ(2 * steps, 3 * usual);
}

TEST(MaskTraining, SameSeedSameRecord) {
  const BaseNetwork base = test_base(kConvolutional);
  EXPECT_EQ(learn(base, Ownership(base), 1, quick()).encode(), learn(base, Ownership(base), 1, quick()).encode());
}

// Twelve tasks, one after the other: the logits of all earlier ones stay what they were, bit for bit, whether their
// records are used or their masks over the weights as they stand in the end.
TEST(ExclusiveTraining, NeverChangesAnEarlierTask) {
  for (const char* network : {"input 1x6x6; linear 40 nobias; relu; linear 3 nobias", kConvolutional}) {
    const BaseNetwork base = test_base(network);
    Ownership known(base);
    NamedTasks tasks;
    std::vector<std::vector<float>> first_logits;
    TaskNetwork judge(base, 1);
    for (std::uint64_t number = 0; number < 12; ++number) {
      TaskRecord record = learn(base, known, number, quick());
      EXPECT_EQ(record.place, number + 1);
      judge.use(record);
      first_logits.push_back(judge.logits(test_task(number, 10, 1)));
      known.add(record);
      tasks.emplace_back("task " + std::to_string(number), std::move(record));
      for (std::uint64_t earlier = 0; earlier <= number; ++earlier) {
        TaskRecord with_weights_of_now = tasks[earlier].second;
        for (std::size_t layer = 0; layer < with_weights_of_now.layers.size(); ++layer) {
          LayerMask& mask = with_weights_of_now.layers[layer];
          mask.values.clear();
          for (std::size_t i = 0; i < mask.kept.size(); ++i)
            if (mask.kept[i] != 0) mask.values.push_back(known.weights()[layer][i]);
        }
        ASSERT_EQ(with_weights_of_now, tasks[earlier].second) << "task " << earlier << " after " << number;
        judge.use(with_weights_of_now);
        ASSERT_EQ(judge.logits(test_task(earlier, 10, 1)), first_logits[earlier]);
      }
    }
    EXPECT_EQ(known, Ownership(base, tasks));
    EXPECT_GT(known.owned_count(), 0U);
  }
}

TEST(ExclusiveTraining, TrainsWeightsOnlyWhereNobodyOwnsThem) {
  const BaseNetwork base = test_base();
  Ownership known(base);
  known.add(learn(base, known, 1, quick()));
  const TaskRecord second = learn(base, known, 2, quick());
  std::size_t changed = 0;
  for (std::size_t layer = 0; layer < second.layers.size(); ++layer) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < second.layers[layer].kept.size(); ++i) {
      if (second.layers[layer].kept[i] == 0) continue;
      const float now = second.layers[layer].values[value++];
      if (known.owned()[layer][i] != 0)
        EXPECT_EQ(now, known.weights()[layer][i]);
      else
        changed += now != base.weight_values()[layer][i] ? 1 : 0;
    }
  }
  EXPECT_GT(changed, 10U);
}

TEST(Rebase, ReturnsWhatOthersOwnAndTrainsTheRest) {
  const BaseNetwork base = test_base();
  const TaskRecord first = learn(base, Ownership(base), 1, quick());
  const TaskRecord stale = learn(base, Ownership(base), 2, quick());  // has not heard of the first
  Ownership known(base);
  known.add(first);
  const TaskRecord rebased = rebase(base, known, stale, test_task(2), quick());
  EXPECT_EQ(rebased.place, 2U);
  std::size_t returned = 0;
  std::size_t trained = 0;
  for (std::size_t layer = 0; layer < rebased.layers.size(); ++layer) {
    EXPECT_EQ(rebased.layers[layer].kept, stale.layers[layer].kept);
    std::size_t value = 0;
    for (std::size_t i = 0; i < rebased.layers[layer].kept.size(); ++i) {
      if (rebased.layers[layer].kept[i] == 0) continue;
      const float now = rebased.layers[layer].values[value];
      if (known.owned()[layer][i] != 0) {
        ++returned;
        EXPECT_EQ(now, known.weights()[layer][i]);
      } else {
        trained += now != stale.layers[layer].values[value] ? 1 : 0;
      }
      ++value;
    }
  }
  EXPECT_GT(returned, 10U);
  EXPECT_GT(trained, 10U);
  TaskNetwork judge(base, 1);
  judge.use(rebased);
  EXPECT_GT(judge.accuracy(test_task(2, 30, 1)), 0.9);
  const TaskRecord searched = learn(base, Ownership(base), 2, quick(0));
  EXPECT_EQ(rebase(base, known, searched, test_task(2), quick()).layers, searched.layers);
}

TEST(Scores, OfATaskSelectItsMask) {
  const BaseNetwork base = test_base();
  TaskRecord record = learn(base, Ownership(base), 1, quick());
  for (const bool ranked : {true, false}) {
    const Scores scores = scores_of_task(base, record, 5);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      std::vector<std::uint8_t> mask(scores[i].size());
      nn::select_top(scores[i], nn::kept_count(base.density, scores[i].size()), mask);
      EXPECT_EQ(mask, record.layers[i].kept) << ranked;
    }
    for (LayerMask& layer : record.layers) layer.ranks.clear();
  }
}

TEST(Ownership, DoesNotDependOnTheOrderOfArrival) {
  const BaseNetwork base = test_base();
  NamedTasks tasks;
  for (std::uint64_t i = 0; i < 4; ++i)  // two pairs of equal places
    tasks.emplace_back("task " + std::to_string(i),
                       learn(base, i < 2 ? Ownership(base) : Ownership(base, tasks), i, quick(1)));
  tasks[3].second.place = tasks[2].second.place;
  const Ownership expected(base, tasks);
  std::ranges::sort(tasks, {}, [](const auto& task) { return task.first; });
  do {
    EXPECT_EQ(Ownership(base, tasks), expected);
  } while (std::next_permutation(tasks.begin(), tasks.end(),
                                 [](const auto& a, const auto& b) { return a.first < b.first; }));
}

TEST(MaskTraining, RefusesWhatDoesNotFit) {
  const BaseNetwork base = test_base();
  const auto mistake = [&](const Dataset& task, const MaskTraining& options) -> std::string {
    try {
      learn_task(base, Ownership(base), task, random_scores(base, 1), options);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  };
  Dataset large = test_task(1);
  large.shape = {1, 12, 3};
  EXPECT_THAT(mistake(large, quick()), HasSubstr("1x12x3; the base network takes 1x6x6"));
  Dataset many = test_task(1);
  many.classes.emplace_back("d");
  EXPECT_THAT(mistake(many, quick()), HasSubstr("has 4 classes; the base network tells 2 to 3 apart"));
  EXPECT_THAT(mistake({kTestPicture, {}, {}, {"a", "b"}, {}, {}}, quick()), HasSubstr("no pictures"));
  MaskTraining wild = quick();
  wild.weight_rate = 0;
  EXPECT_THAT(mistake(test_task(1), wild), HasSubstr("learning rates above 0"));
  wild = quick(50);
  wild.weight_rate = 1e30F;
  EXPECT_THAT(mistake(test_task(1), wild), HasSubstr("diverged"));
}

TEST(MaskTraining, SaysHowFarItIsAndStopsWhenTold) {
  const BaseNetwork base = test_base();
  std::vector<std::size_t> seen;
  learn_task(base, Ownership(base), test_task(1), random_scores(base, 1), quick(),
             [&](std::size_t done, std::size_t of) {
               EXPECT_EQ(of, 10U);
               seen.push_back(done);
               return true;
             });
  EXPECT_EQ(seen, (std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  MaskTraining thorough = quick();
  thorough.least_steps = 31;  // six a epoch
  std::size_t epochs = 0;
  learn_task(base, Ownership(base), test_task(1), random_scores(base, 1), thorough, [&](std::size_t, std::size_t of) {
    EXPECT_EQ(of, 12U);
    return ++epochs > 0;
  });
  EXPECT_EQ(epochs, 12U);
  EXPECT_THROW(learn_task(base, Ownership(base), test_task(1), random_scores(base, 1), quick(),
                          [](std::size_t done, std::size_t) { return done < 3; }),
               InputError);
}

}  // namespace
}  // namespace outrider
