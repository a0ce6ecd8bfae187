#include "learners/supermask/lottery.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/data/open.h"
#include "learners/supermask/task_network.h"
#include "learners/supermask/test_base.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const char* const kConvolutionalTicket =
    "input 1x6x6; conv 8 k3 p1 nobias; batchnorm noaffine; relu; maxpool 2; flatten; linear 3 nobias";

BaseNetwork ticket_base(const std::string& network = "input 1x6x6; linear 40 nobias; relu; linear 3 nobias") {
  BaseNetwork base = test_base(network);
  base.weights = BaseWeights::he_normal;
  return base;
}

LotteryOptions quick_lottery(std::size_t rounds) {
  return {.rounds = rounds, .epochs = 4, .batch = 15, .rate = 0.003F, .seed = 5, .threads = 1};
}

Ticket ticket_of(const BaseNetwork& base, const LotteryOptions& options, std::uint64_t number = 1) {
  return find_ticket(base, test_task(number), test_task(number, 30, 1), options);
}

std::vector<std::size_t> counts_of_ticket(const TaskRecord& record) {
  std::vector<std::size_t> counts;
  for (const LayerMask& layer : record.layers) counts.push_back(layer.count());
  return counts;
}

double accuracy_of(const BaseNetwork& base, const TaskRecord& record, const Dataset& pictures) {
  TaskNetwork network(base, 1);
  network.use(record);
  return network.accuracy(pictures);
}

// The record's mask over the base's weights: as the ticket was before its training.
TaskRecord untrained(TaskRecord record) {
  for (LayerMask& layer : record.layers) layer.values.clear();
  return record;
}

// All weights, none of them trained.
TaskRecord whole(const BaseNetwork& base, const Dataset& task) {
  TaskRecord record{task.classes, task.size(), 1, {}, {}};
  for (const nn::TensorSpec& tensor : base.weight_tensors())
    record.layers.push_back({std::vector<std::uint8_t>(tensor.size(), 1), {}, {}});
  record.statistics = statistics_of(nn::Parameters::initial(base.network, 0));
  return record;
}

// Random masks of the record's sizes.
TaskRecord random_mask_like(TaskRecord record, std::uint64_t seed) {
  for (std::size_t i = 0; i < record.layers.size(); ++i) {
    Random random(seed, "random mask", i);
    random.shuffle(std::span(record.layers[i].kept));
  }
  return untrained(record);
}

TEST(Lottery, EachRoundKeepsItsShareOfEveryLayer) {
  const BaseNetwork base = ticket_base();  // 1440 and 120 weights
  const std::vector<std::vector<std::size_t>> expected{{1152, 108}, {922, 97}, {738, 87}, {590, 78}};
  std::vector<LayerMask> outer = whole(base, test_task(1)).layers;
  for (std::size_t rounds = 1; rounds <= expected.size(); ++rounds) {
    const Ticket ticket = ticket_of(base, quick_lottery(rounds));
    EXPECT_EQ(counts_of_ticket(ticket.record), expected[rounds - 1]);
    ASSERT_EQ(ticket.rounds.size(), rounds + 1);
    EXPECT_EQ(ticket.rounds[0].remaining, 1);
    for (std::size_t i = 0; i < rounds; ++i)
      EXPECT_EQ(ticket.rounds[i + 1].remaining, static_cast<double>(expected[i][0] + expected[i][1]) / 1560);
    for (std::size_t layer = 0; layer < outer.size(); ++layer)  // each mask lies in that of the round before
      for (std::size_t i = 0; i < outer[layer].kept.size(); ++i)
        ASSERT_LE(ticket.record.layers[layer].kept[i], outer[layer].kept[i]);
    outer = ticket.record.layers;
  }
}

TEST(Lottery, PrunesTheSmallestOfTheTrainedWeights) {
  const BaseNetwork base = ticket_base();
  const LotteryOptions options = quick_lottery(1);
  const TaskRecord trained = train_ticket(base, whole(base, test_task(1)), test_task(1), options);
  const TaskRecord ticket = ticket_of(base, options).record;
  for (std::size_t layer = 0; layer < ticket.layers.size(); ++layer) {
    float smallest_kept = 1e9F;
    float largest_pruned = 0;
    for (std::size_t i = 0; i < ticket.layers[layer].kept.size(); ++i) {
      const float magnitude = std::abs(trained.layers[layer].values[i]);
      if (ticket.layers[layer].kept[i] != 0)
        smallest_kept = std::min(smallest_kept, magnitude);
      else
        largest_pruned = std::max(largest_pruned, magnitude);
    }
    EXPECT_LE(largest_pruned, smallest_kept);
  }
}

// Training the ticket's mask over the base's own values gives the ticket bit for bit: it was rewound to them.
TEST(Lottery, RewindsToTheInitialWeights) {
  for (const auto& base : {ticket_base(), ticket_base(kConvolutionalTicket)}) {
    const LotteryOptions options = quick_lottery(3);
    const TaskRecord ticket = ticket_of(base, options).record;
    TaskRecord before = untrained(ticket);
    before.statistics = whole(base, test_task(1)).statistics;
    EXPECT_EQ(train_ticket(base, before, test_task(1), options), ticket);
  }
}

TEST(Lottery, RewindsToAnEarlyStepOfTheFirstRound) {
  for (const auto& base : {ticket_base(), ticket_base(kConvolutionalTicket)}) {
    LotteryOptions options = quick_lottery(2);
    const TaskRecord initial = ticket_of(base, options).record;
    options.rewind_steps = 6;  // one epoch of 90 pictures
    const TaskRecord ticket = ticket_of(base, options).record;
    LotteryOptions one_epoch = options;
    one_epoch.epochs = 1;
    const TaskRecord early = train_ticket(base, whole(base, test_task(1)), test_task(1), one_epoch);
    TaskRecord before = ticket;
    before.statistics = early.statistics;
    for (std::size_t layer = 0; layer < before.layers.size(); ++layer) {
      before.layers[layer].values.clear();
      for (std::size_t i = 0; i < before.layers[layer].kept.size(); ++i)
        if (before.layers[layer].kept[i] != 0) before.layers[layer].values.push_back(early.layers[layer].values[i]);
    }
    EXPECT_EQ(train_ticket(base, before, test_task(1), options), ticket);
    EXPECT_NE(initial.layers, ticket.layers);
  }
}

TEST(Lottery, SameSeedSameTicket) {
  const BaseNetwork base = ticket_base(kConvolutionalTicket);
  LotteryOptions options = quick_lottery(2);
  const Ticket ticket = ticket_of(base, options);
  EXPECT_EQ(ticket_of(base, options).record, ticket.record);
  EXPECT_EQ(TaskRecord::decode(ticket.record.encode(), base), ticket.record);
  options.seed = 6;
  EXPECT_NE(ticket_of(base, options).record, ticket.record);
}

// On new pictures, over several tasks and seeds.
TEST(Lottery, ATicketBeatsARandomMaskOfItsSize) {
  BaseNetwork base = ticket_base();
  LotteryOptions options = quick_lottery(8);
  options.prune_last = 0.2;
  double ticket_accuracy = 0;
  double random_accuracy = 0;
  constexpr std::uint64_t kTrials = 6;
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    base.seed = trial;
    options.seed = trial;
    const TaskRecord ticket = ticket_of(base, options, trial).record;
    const TaskRecord random = train_ticket(base, random_mask_like(ticket, trial), test_task(trial), options);
    EXPECT_EQ(counts_of_ticket(random), counts_of_ticket(ticket));
    const Dataset judge = test_task(trial, 200, 1);
    ticket_accuracy += accuracy_of(base, ticket, judge) / kTrials;
    random_accuracy += accuracy_of(base, random, judge) / kTrials;
  }
  EXPECT_GT(ticket_accuracy, random_accuracy + 0.1);
}

TEST(Lottery, ClientsOfOneTicketShareItsMask) {
  const BaseNetwork base = ticket_base();
  const LotteryOptions options = quick_lottery(5);
  const TaskRecord ticket = ticket_of(base, options).record;
  std::vector<TaskRecord> said;
  for (const std::uint64_t half : {2, 3})  // each client has its own pictures of the task
    said.push_back(train_ticket(base, ticket, test_task(1, 15, half), options));
  TaskRecord merged = said[0];
  for (std::size_t layer = 0; layer < ticket.layers.size(); ++layer) {
    EXPECT_EQ(said[0].layers[layer].kept, ticket.layers[layer].kept);
    EXPECT_EQ(said[1].layers[layer].kept, ticket.layers[layer].kept);
    EXPECT_NE(said[0].layers[layer].values, said[1].layers[layer].values);
    for (std::size_t i = 0; i < merged.layers[layer].values.size(); ++i)
      merged.layers[layer].values[i] = (said[0].layers[layer].values[i] + said[1].layers[layer].values[i]) / 2;
  }
  EXPECT_EQ(said[0].place, ticket.place);
  EXPECT_EQ(said[0].examples, 45U);
  merged.check(base, "the mean");
  EXPECT_GT(accuracy_of(base, merged, test_task(1, 100, 1)), 0.9);
}

TEST(Lottery, SaysHowFarItIsAndStopsWhenTold) {
  const BaseNetwork base = ticket_base();
  LotteryOptions options = quick_lottery(2);
  options.epochs = 2;
  std::vector<std::size_t> seen;
  find_ticket(base, test_task(1), test_task(1), options, [&](std::size_t done, std::size_t of) {
    EXPECT_EQ(of, 6U);
    seen.push_back(done);
    return true;
  });
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THROW(
      find_ticket(base, test_task(1), test_task(1), options, [](std::size_t done, std::size_t) { return done < 3; }),
      InputError);
}

TEST(Lottery, RefusesWhatDoesNotFit) {
  const BaseNetwork base = ticket_base();
  const auto mistake = [](const auto& action) -> std::string {
    try {
      action();
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  };
  const auto with = [&](auto change) {
    return mistake([&] {
      LotteryOptions options = quick_lottery(1);
      change(options);
      ticket_of(base, options);
    });
  };
  EXPECT_THAT(with([](LotteryOptions& o) { o.rounds = 0; }), HasSubstr("1 round of pruning or more"));
  EXPECT_THAT(with([](LotteryOptions& o) { o.prune = 1; }), HasSubstr("from 0 to less than 1"));
  EXPECT_THAT(with([](LotteryOptions& o) { o.prune_last = -0.1; }), HasSubstr("from 0 to less than 1"));
  EXPECT_THAT(with([](LotteryOptions& o) { o.epochs = 0; }), HasSubstr("1 epoch"));
  EXPECT_THAT(with([](LotteryOptions& o) { o.batch = 0; }), HasSubstr("1 picture or more"));
  EXPECT_THAT(with([](LotteryOptions& o) { o.rate = 0; }), HasSubstr("a learning rate above 0"));
  EXPECT_THAT(with([](LotteryOptions& o) { o.threads = -1; }), HasSubstr("0 threads"));
  EXPECT_THAT(with([](LotteryOptions& o) { o.rewind_steps = 25; }), HasSubstr("step 24 at most"));
  EXPECT_EQ(with([](LotteryOptions& o) { o.rewind_steps = 24; }), "");
  EXPECT_THAT(with([](LotteryOptions& o) { o.rate = 1e30F; }), HasSubstr("diverged"));

  Dataset other = test_task(1);
  other.classes = {"a", "b", "d"};
  EXPECT_THAT(mistake([&] { find_ticket(base, test_task(1), other, quick_lottery(1)); }), HasSubstr("other classes"));
  const TaskRecord ticket = whole(base, test_task(1));
  EXPECT_THAT(mistake([&] { train_ticket(base, ticket, other, quick_lottery(1)); }), HasSubstr("other classes"));
  const BaseNetwork larger = ticket_base("input 1x6x6; linear 50 nobias; relu; linear 3 nobias");
  EXPECT_THAT(mistake([&] { train_ticket(larger, ticket, test_task(1), quick_lottery(1)); }),
              HasSubstr("the ticket masks 1440 weights"));
  other.shape = {1, 12, 3};
  EXPECT_THAT(mistake([&] { find_ticket(base, test_task(1), other, quick_lottery(1)); }), HasSubstr("1x12x3"));
}

Dataset first_pictures(Dataset data, std::size_t count) {
  data.labels.resize(count);
  data.pixels.resize(count * data.shape.size());
  return data;
}

TEST(Lottery, ATicketOfLeNetKeepsItsAccuracyOnClothes) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "needs dataset-fashion-mnist";
  const DatasetPair fashion = open_dataset("fashion-mnist");
  BaseNetwork base;
  base.preprocessing = {fashion.train.shape, false, 0.286F, 0.353F};
  base.network = base_architecture("lenet-300-100", fashion.train.shape, 10);
  base.weights = BaseWeights::he_normal;
  base.density = 1;
  base.seed = 1;
  const Ticket ticket = find_ticket(base, first_pictures(fashion.train, 5000), first_pictures(fashion.test, 1000),
                                    {.rounds = 8, .epochs = 3, .seed = 1, .threads = 1});
  EXPECT_LT(ticket.rounds.back().remaining, 0.2);
  EXPECT_GT(ticket.rounds.front().accuracy, 0.75);
  EXPECT_GT(ticket.rounds.back().accuracy, ticket.rounds.front().accuracy - 0.02);
}

}  // namespace
}  // namespace outrider
