#include "learners/averaging/merge.h"

#include <chrono>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/client_memory.h"
#include "learners/averaging/round_record.h"
#include "learners/averaging/task_widths.h"
#include "learners/averaging/test_clients.h"
#include "learners/averaging/test_updates.h"
#include "learners/averaging/update_wire.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

constexpr unsigned kClients = 5;
const ClientId kSelf = ClientId::from_public_key(bytes_of("the aggregator"));

// An aggregator reduced to what a merge needs: contributions on record, the latest of each client and topic.
class Desk {
 public:
  explicit Desk(const LearningTask& task, RoundRules rules = {.cohort = 3, .minimum = 2, .duration = Instant{10'000}})
      : task_(task), rules_(rules) {
    restart();
  }

  // What is on record, put in an order that the seed decides.
  void restart(std::uint64_t seed = 1) {
    merge_ = AveragingFamily(rules_).make_merge();
    EXPECT_EQ(merge_->open_space(task_.id(), task_.encode()), std::nullopt);
    std::vector<Contribution> all;
    for (const auto& [from, contribution] : record_) all.push_back(contribution);
    Random random(seed, "order");
    random.shuffle(std::span(all));
    for (const Contribution& contribution : all) merge_->put(contribution);
    conduct();
  }

  void conduct() {
    const Present present = [&] { return present_; };
    for (auto sayings = merge_->conduct(task_.id(), present, now_); !sayings.empty();
         sayings = merge_->conduct(task_.id(), present, now_))
      for (const Saying& saying : sayings) {
        if (!saying.notice.empty()) notices_.push_back(saying.notice);
        if (!saying.topic.kind.empty()) put({kSelf, {}, {}, saying.topic, saying.payload});
      }
  }

  std::optional<std::string> contribute(const Update& update) {
    const Contribution contribution{
        update.client,
        {},
        {},
        {std::string(kAveragingKind), task_.id(), subject_of_update(task_.strategy, update.round)},
        encode_update(update, Encoding::kFloat32)};
    if (auto reason = merge_->objection(contribution)) return reason;
    put(contribution);
    conduct();
    return std::nullopt;
  }

  void come(unsigned count) { come(std::vector<Capacity>(count)); }
  // One client of each of these capacities.
  void come(const std::vector<Capacity>& capacities) {
    present_.clear();
    for (unsigned i = 0; i < capacities.size(); ++i) {
      present_.push_back({numbered_client(i), capacities[i]});
      merge_->meet(capacities[i]);
    }
    conduct();
  }
  void wait(Instant time) {
    now_ += time;
    conduct();
  }

  Topic topic_of_model(double width) const {
    return {std::string(kAveragingKind), task_.id(), subject_of_model(width)};
  }
  Bytes model(double width = 1) const { return merge_->merged(topic_of_model(width)); }
  RoundRecord round() const { return decode_round_record(model(), task_); }
  std::vector<ClientId> asked() const {
    const RoundRecord record = round();
    if (!record.memory.open) return {};
    const auto& asked = record.memory.rounds.back().asked;
    return {asked.begin(), asked.end()};
  }
  Update update_of(const ClientId& client, std::uint64_t round, std::uint64_t seed = 1, double width = 1) const {
    Random random(seed, "update", client.bytes[1], round);
    Update update = random_update(random, 0, round, narrow_network(task_.network, width), task_.strategy);
    update.client = client;
    update.width = width;
    return update;
  }
  void erase(const Update& update) {
    const Topic topic{std::string(kAveragingKind), task_.id(), subject_of_update(task_.strategy, update.round)};
    merge_->erase(update.client, topic);
    record_.erase({update.client, topic});
  }

  const Merge& merge() const { return *merge_; }
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  void put(const Contribution& contribution) {
    merge_->put(contribution);
    record_.insert_or_assign({contribution.client, contribution.topic}, contribution);
  }

  LearningTask task_;
  RoundRules rules_;
  Instant now_{0};
  std::vector<PresentClient> present_;
  std::map<std::pair<ClientId, Topic>, Contribution> record_;
  std::unique_ptr<Merge> merge_;
  std::vector<std::string> notices_;
};

TEST(AveragingMerge, TheModelIsThereBeforeAnybodyIs) {
  const LearningTask task = small_task("fedavg");
  const Desk desk(task);
  EXPECT_EQ(desk.round().state, published(task.initial_state()));
  EXPECT_TRUE(desk.asked().empty());
  EXPECT_EQ(desk.merge().deadline(), kNever);
}

TEST(AveragingMerge, ARoundIsWhatItsUpdatesComeTo) {
  for (const char* strategy : {"fedavg", "fedadam rate 0.01", "scaffold", "median"}) {
    const LearningTask task = small_task(strategy);
    Desk desk(task);
    desk.come(kClients);
    ServerState expected = task.initial_state();
    for (std::uint64_t round = 0; round < 3; ++round) {
      const auto asked = desk.asked();
      ASSERT_EQ(asked.size(), 3U);
      std::vector<Update> updates;
      for (const ClientId& client : asked) {
        EXPECT_EQ(desk.round().state.round, round);
        updates.push_back(desk.update_of(client, round));
        EXPECT_EQ(desk.contribute(updates.back()), std::nullopt);
      }
      expected = apply_round(task.network, task.strategy, expected, updates, {.population = kClients});
      EXPECT_EQ(desk.round().state, published(expected)) << strategy << " " << round;
    }
  }
}

TEST(AveragingMerge, ARestartAtAnyMomentChangesNothing) {
  const LearningTask task = small_task("fedyogi rate 0.02; late sqrt limit 2");
  const auto history = [&](std::uint64_t restarts) {
    Desk desk(task);
    desk.come(kClients);
    Random random(restarts, "restarts");
    for (std::uint64_t round = 0; round < 4; ++round)
      for (const ClientId& client : desk.asked()) {
        if (restarts > 0 && random.below(2) == 0) desk.restart(random());
        EXPECT_EQ(desk.contribute(desk.update_of(client, round)), std::nullopt);
        if (restarts > 0 && random.below(2) == 0) desk.restart(random());
      }
    return desk.model();
  };
  const Bytes expected = history(0);
  for (std::uint64_t seed = 1; seed <= 8; ++seed) EXPECT_EQ(history(seed), expected) << seed;
}

TEST(AveragingMerge, ALateUpdateIsUsedOrRefusedWithAReason) {
  for (const bool taken : {true, false}) {
    const LearningTask task = small_task(taken ? "fedavg; late sqrt limit 1" : "fedavg");
    Desk desk(task);
    desk.come(kClients);
    const auto asked = desk.asked();
    for (const ClientId& client : {asked[0], asked[1]}) desk.contribute(desk.update_of(client, 0));
    EXPECT_EQ(desk.round().state.round, 0U);
    desk.wait(Instant{10'000});  // the minimum will do
    EXPECT_EQ(desk.round().state.round, 1U);
    desk.restart();  // which forgets nothing of it
    const auto objection = desk.contribute(desk.update_of(asked[2], 0));
    EXPECT_EQ(objection.has_value(), !taken) << objection.value_or("");
    if (!taken) continue;
    // It counts in the next round, beside those that this one asks.
    const ServerState before = desk.round().state;
    std::vector<Update> updates{desk.update_of(asked[2], 0)};
    for (const ClientId& client : desk.asked()) {
      updates.push_back(desk.update_of(client, 1));
      EXPECT_EQ(desk.contribute(updates.back()), std::nullopt);
    }
    EXPECT_EQ(desk.round().state, apply_round(task.network, task.strategy, before, updates));
  }
}

TEST(AveragingMerge, AClientIsHeardOnceAndOnlyWhenAsked) {
  Desk desk(small_task("fedavg"));
  EXPECT_THAT(*desk.contribute(desk.update_of(numbered_client(0), 0)), HasSubstr("round 0"));
  desk.come(kClients);
  const auto asked = desk.asked();
  for (unsigned i = 0; i < kClients; ++i)
    if (!std::ranges::binary_search(asked, numbered_client(i))) {
      EXPECT_THAT(*desk.contribute(desk.update_of(numbered_client(i), 0)), HasSubstr("did not ask"));
    }
  EXPECT_EQ(desk.contribute(desk.update_of(asked[0], 0)), std::nullopt);
  EXPECT_THAT(*desk.contribute(desk.update_of(asked[0], 0, 2)), HasSubstr("one already"));
  desk.restart();
  EXPECT_THAT(*desk.contribute(desk.update_of(asked[0], 0, 2)), HasSubstr("one already"));
  EXPECT_THAT(*desk.contribute(desk.update_of(asked[1], 7)), HasSubstr("is of round 7"));
}

TEST(AveragingMerge, AsksOthersWhenTooFewAnswer) {
  Desk desk(small_task("fedavg"));
  desk.come(kClients);
  const auto asked = desk.asked();
  desk.contribute(desk.update_of(asked[0], 0));
  desk.wait(Instant{10'000});
  EXPECT_EQ(desk.asked().size(), kClients);
  EXPECT_EQ(desk.round().state.round, 0U);
  EXPECT_GT(desk.merge().deadline(), Instant{10'000});
  for (const ClientId& client : desk.asked())
    if (!std::ranges::binary_search(asked, client)) {
      EXPECT_EQ(desk.contribute(desk.update_of(client, 0)), std::nullopt);
    }
  desk.wait(Instant{10'000});
  EXPECT_EQ(desk.round().state.round, 1U);
  EXPECT_THAT(desk.notices().back(), HasSubstr("round 0 is over with 3 updates"));
}

TEST(AveragingMerge, WhatIsTakenBackDoesNotCount) {
  const LearningTask task = small_task("fedavg");
  Desk desk(task);
  desk.come(kClients);
  const auto asked = desk.asked();
  const Update regretted = desk.update_of(asked[0], 0);
  desk.contribute(regretted);
  desk.erase(regretted);
  std::vector<Update> updates;
  for (const ClientId& client : {asked[1], asked[2]}) {
    updates.push_back(desk.update_of(client, 0));
    desk.contribute(updates.back());
  }
  desk.wait(Instant{10'000});
  EXPECT_EQ(desk.round().state, apply_round(task.network, task.strategy, task.initial_state(), updates));
}

TEST(AveragingMerge, WithFedBuffSomeUpdatesMakeARoundWhoeverTheyAreFrom) {
  const LearningTask task = small_task("fedbuff 2; late linear limit 4");
  Desk desk(task);
  desk.come(kClients);
  ServerState expected = task.initial_state();
  const std::vector<std::pair<unsigned, std::uint64_t>> updates{{4, 0}, {1, 0}, {0, 0}, {1, 1}, {2, 0}, {3, 2}};
  std::vector<Update> buffer;
  for (const auto& [client, round] : updates) {
    buffer.push_back(desk.update_of(numbered_client(client), round));
    EXPECT_EQ(desk.contribute(buffer.back()), std::nullopt) << client << " " << round;
    desk.restart(client);
    if (buffer.size() < 2) continue;
    expected = apply_round(task.network, task.strategy, expected, std::exchange(buffer, {}));
    EXPECT_EQ(desk.round().state, expected);
  }
}

TEST(AveragingMerge, ARoundThatDivergesLeavesTheWeightsAndGoesOn) {
  const LearningTask task = small_task("fedavg rate 1000");
  Desk desk(task);
  desk.come(kClients);
  for (const ClientId& client : desk.asked()) {
    Update update = desk.update_of(client, 0);
    for (float& value : update.delta.tensors.front().values) value = 3e38F;
    EXPECT_EQ(desk.contribute(update), std::nullopt);
  }
  EXPECT_EQ(desk.round().state.round, 1U);
  EXPECT_EQ(desk.round().state.weights, task.initial_state().weights);
  EXPECT_THAT(desk.notices().back(), HasSubstr("leaves the weights as they were"));
  EXPECT_EQ(desk.asked().size(), 3U);
}

TEST(AveragingMerge, RefusesWhatIsNoUpdateOfTheTask) {
  const LearningTask task = small_task("fedavg");
  Desk desk(task);
  desk.come(kClients);
  const ClientId client = desk.asked().front();
  Contribution contribution{client, {}, {}, {std::string(kAveragingKind), task.id(), "update 0"}, {1, 2, 3}};
  EXPECT_THAT(*desk.merge().objection(contribution), HasSubstr(client.brief()));
  contribution.payload = encode_update(desk.update_of(client, 0), Encoding::kInt8);
  EXPECT_EQ(desk.merge().objection(contribution), std::nullopt);
  contribution.topic.subject = "update 1";
  EXPECT_THAT(*desk.merge().objection(contribution), HasSubstr("'update 0'"));
  contribution.topic.space = Digest::of(bytes_of("another"));
  EXPECT_THAT(*desk.merge().objection(contribution), HasSubstr("not known"));
}

// Clients of unlike capacity.
class NarrowClients : public testing::Test {
 protected:
  static constexpr Instant kRound{10'000};

  static LearningTask task_with(const char* strategy) {
    return small_task(strategy, {.steps = 5}, "input 1x6x6; conv 16 k3 p1; relu; flatten; linear 16; relu; linear 3");
  }
  // Which can just train a part of that width.
  static Capacity capacity_for(const LearningTask& task, double width) {
    const Workload workload{.batch = task.work.batch, .threads = 1};
    return {.memory = training_cost(narrow_network(task.network, width), workload).bytes};
  }
  static constexpr Capacity kTiny{.memory = 1000};
};

TEST_F(NarrowClients, AreAskedForTheWidestPartThatTheyCanTrain) {
  const LearningTask task = task_with("fedavg");
  const TaskWidths widths(task, kRound);
  for (const double width : kWidths) {
    Capacity capacity = capacity_for(task, width);
    EXPECT_EQ(widths.trained_by(capacity), width);
    EXPECT_EQ(widths.sent_to(capacity), width);
    --capacity.memory;
    EXPECT_LT(widths.trained_by(capacity).value_or(0), width);
  }
  EXPECT_EQ(widths.trained_by({}), 1);
  EXPECT_EQ(widths.trained_by(kTiny), std::nullopt);
  EXPECT_EQ(widths.sent_to(kTiny), std::nullopt);
  // In ten seconds five batches, and no more than half a network's.
  const Workload workload{.batch = task.work.batch, .samples = static_cast<double>(5 * task.work.batch)};
  const double flops = training_cost(narrow_network(task.network, 0.5), workload).flops;
  EXPECT_EQ(widths.trained_by({.operations = static_cast<std::uint64_t>(flops / 10) + 1}), 0.5);
  EXPECT_EQ(widths.sent_to({.operations = 1}), 1);  // to predict with
  EXPECT_THAT(widths.excuse({.operations = 1}), HasSubstr("width 0.0625 takes"));
}

TEST_F(NarrowClients, AreOnRecordAndAverageWithTheOthers) {
  const LearningTask task = task_with("fedavgm rate 0.5 momentum 0.5");
  Desk desk(task, {.cohort = 3, .minimum = 3, .duration = kRound});
  desk.come({{}, capacity_for(task, 0.5), capacity_for(task, 0.25)});
  const double widths[] = {1, 0.5, 0.25};
  ServerState expected = task.initial_state();
  for (std::uint64_t round = 0; round < 2; ++round) {
    std::vector<Update> updates;
    for (unsigned i = 0; i < 3; ++i) {
      const RoundRecord shown = decode_round_record(desk.model(widths[i]), task);
      EXPECT_EQ(shown.state, narrow_state(task.network, expected, widths[i]));
      EXPECT_EQ(shown.width, widths[i]);
      for (unsigned other = 0; other < 3; ++other) EXPECT_EQ(shown.asks(numbered_client(other)), i == other);
      const Update wider = desk.update_of(numbered_client(i), round, 1, i == 0 ? 0.5 : 1);
      const std::string refusal = fmt::format("asks that client for width {}", widths[i]);
      EXPECT_THAT(desk.contribute(wider).value_or(""), HasSubstr(refusal));
      updates.push_back(desk.update_of(numbered_client(i), round, 1, widths[i]));
      desk.restart(10 * round + i);
      EXPECT_EQ(desk.contribute(updates.back()), std::nullopt);
    }
    expected = apply_round(task.network, task.strategy, expected, updates);
  }
  EXPECT_EQ(desk.round().state, published(expected));
  EXPECT_LT(desk.model(0.25).size(), desk.model().size() / 4);
  EXPECT_TRUE(desk.model(0.75).empty());  // nobody has come for it
  EXPECT_THAT(desk.notices().back(), HasSubstr("asks 3 of 3 clients, 2 of them for a part"));
}

TEST_F(NarrowClients, ARestartAtAnyMomentInAnyOrderChangesNothing) {
  const LearningTask task = task_with("fedyogi rate 0.02; late sqrt limit 2");
  std::vector<Capacity> capacities(6);
  std::map<ClientId, double> width_of;
  for (unsigned i = 0; i < capacities.size(); ++i) {
    width_of[numbered_client(i)] = i % 2 == 0 ? 1 : 0.25;
    if (i % 2 == 1) capacities[i] = capacity_for(task, 0.25);
  }
  const auto history = [&](std::uint64_t restarts) {
    Desk desk(task, {.cohort = 4, .minimum = 2, .duration = kRound});
    desk.come(capacities);
    Random random(restarts, "restarts");
    for (std::uint64_t round = 0; round < 4; ++round) {
      std::vector<ClientId> asked;
      for (const double width : {1.0, 0.25})
        for (const auto& [client, unused] : width_of)
          if (decode_round_record(desk.model(width), task).asks(client)) asked.push_back(client);
      EXPECT_EQ(asked.size(), 4U);
      for (const ClientId& client : asked) {
        if (restarts > 0 && random.below(2) == 0) desk.restart(random());
        EXPECT_EQ(desk.contribute(desk.update_of(client, round, 1, width_of[client])), std::nullopt);
      }
    }
    return std::pair(desk.model(), desk.model(0.25));
  };
  const auto expected = history(0);
  for (std::uint64_t seed = 1; seed <= 8; ++seed) EXPECT_EQ(history(seed), expected) << seed;
}

TEST_F(NarrowClients, GetTheirPartAsSoonAsTheyCome) {
  const LearningTask task = task_with("fedavg");
  Desk desk(task);
  desk.come(2);  // a round is open
  const RoundRecord before = desk.round();
  EXPECT_TRUE(desk.model(0.5).empty());
  desk.come({{}, {}, capacity_for(task, 0.5)});
  const RoundRecord shown = decode_round_record(desk.model(0.5), task);
  EXPECT_EQ(shown.state, narrow_state(task.network, before.state, 0.5));
  EXPECT_FALSE(shown.asks(numbered_client(2)));
  EXPECT_EQ(desk.round(), before);
}

TEST_F(NarrowClients, AreSentNothingElse) {
  const LearningTask task = task_with("fedavg");
  Desk desk(task);
  const Capacity half = capacity_for(task, 0.5);
  EXPECT_TRUE(desk.merge().concerns(desk.topic_of_model(1), {}));
  EXPECT_FALSE(desk.merge().concerns(desk.topic_of_model(1), half));
  EXPECT_TRUE(desk.merge().concerns(desk.topic_of_model(0.5), half));
  EXPECT_FALSE(desk.merge().concerns(desk.topic_of_model(0.5), {}));
  EXPECT_FALSE(desk.merge().concerns({std::string(kAveragingKind), task.id(), "update 0"}, {}));
  EXPECT_FALSE(desk.merge().concerns(desk.topic_of_model(1), kTiny));
}

TEST_F(NarrowClients, AreNotAskedWhereTheStrategyTakesWholeNetworks) {
  for (const char* strategy : {"scaffold", "krum 0"}) {
    const LearningTask task = task_with(strategy);
    Desk desk(task, {.cohort = 5, .minimum = 3, .duration = kRound});
    desk.come({{}, {}, capacity_for(task, 0.5), kTiny, {}});
    EXPECT_EQ(desk.asked(), (std::vector{numbered_client(0), numbered_client(1), numbered_client(4)})) << strategy;
    EXPECT_EQ(desk.round().population, 3U);
    EXPECT_TRUE(desk.model(0.5).empty());
    EXPECT_TRUE(desk.merge().concerns(desk.topic_of_model(1), capacity_for(task, 0.5)));  // to predict with
  }
}

TEST_F(NarrowClients, WhoCannotTrainTheNarrowestPartIsExcusedOnce) {
  const LearningTask task = task_with("fedavg");
  Desk desk(task);
  desk.come({kTiny});
  ASSERT_EQ(desk.notices().size(), 1U);
  EXPECT_THAT(desk.notices().front(), HasSubstr("a memory of 1 kB"));
  desk.come({kTiny, {}, {}, kTiny});
  ASSERT_EQ(desk.notices().size(), 2U);
  EXPECT_THAT(desk.notices().back(), HasSubstr("asks 2 of 2 clients; 2 more cannot train it"));
}

TEST_F(NarrowClients, AreFewerWithFedBuffOnlyByWhatIsKnown) {
  const LearningTask task = task_with("fedbuff 2; late linear limit 4");
  Desk desk(task);
  desk.come({{}, capacity_for(task, 0.5)});
  EXPECT_THAT(*desk.contribute(desk.update_of(numbered_client(1), 0)), HasSubstr("for width 0.5"));
  EXPECT_EQ(desk.contribute(desk.update_of(numbered_client(1), 0, 1, 0.5)), std::nullopt);
  EXPECT_EQ(desk.contribute(desk.update_of(numbered_client(7), 0, 1, 0.25)), std::nullopt);  // was not there then
  EXPECT_EQ(desk.round().state.round, 1U);
}

TEST_F(NarrowClients, TenThousandAreConductedQuickly) {
  const LearningTask task = task_with("fedavg");
  Desk desk(task, {.cohort = 100, .minimum = 100, .duration = kRound});
  std::vector<Capacity> capacities(10'000);
  const std::uint64_t whole = capacity_for(task, 1).memory;
  for (unsigned i = 0; i < capacities.size(); ++i) capacities[i].memory = whole - i % 50 * 1000;
  const auto start = std::chrono::steady_clock::now();
  desk.come(capacities);
  for (int i = 0; i < 1000; ++i) desk.conduct();  // after so many messages
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(desk.round().population, 10'000U);
}

TEST(AveragingMerge, RulesThatCannotWorkAreRefusedWithTheTask) {
  const LearningTask task = small_task("krum 2");
  const auto merge = AveragingFamily({.cohort = 4, .minimum = 4}).make_merge();
  EXPECT_THAT(*merge->open_space(task.id(), task.encode()), HasSubstr("needs 7"));
  EXPECT_THAT(*merge->open_space(Digest::of(Bytes{1}), Bytes{1}), HasSubstr("task"));
}

TEST(RoundRecord, KeepsEverythingAndTellsClientsWhatTheyNeed) {
  const LearningTask task = small_task("fedadam; late constant limit 3");
  RoundRecord record{task.initial_state(), {true, 2, {{0, {numbered_client(1)}, {numbered_client(1)}}}}, 17};
  record.state.round = 1;
  record.memory.rounds.push_back({1, {numbered_client(2), numbered_client(3)}, {numbered_client(3)}});
  EXPECT_EQ(decode_round_record(encode(record), task), record);
  const RoundRecord shown = decode_round_record(encode(record.published(task.network)), task);
  EXPECT_TRUE(shown.asks(numbered_client(2)));
  EXPECT_FALSE(shown.asks(numbered_client(1)));
  EXPECT_TRUE(shown.state.momentum.tensors.empty());
  const Bytes bytes = encode(record);
  for (std::size_t size = 0; size < bytes.size(); size += 8)
    EXPECT_THROW(decode_round_record(ByteView(bytes).first(size), task), InputError) << size;
  record.memory.rounds.pop_back();
  EXPECT_THROW(decode_round_record(encode(record), task), InputError);  // open, but nobody is asked
}

TEST(RoundRecord, KeepsTheWidthsOfThoseAsked) {
  const LearningTask task = small_task("fedavg; late constant limit 3");
  RoundRecord record{task.initial_state(), {true, 0, {{0, {numbered_client(1), numbered_client(2)}, {}}}}, 2};
  record.memory.rounds[0].narrow = {{numbered_client(2), 0.25}};
  EXPECT_EQ(decode_round_record(encode(record), task), record);
  const RoundRecord shown = record.published(task.network, 0.25);
  EXPECT_EQ(decode_round_record(encode(shown), task), shown);
  EXPECT_TRUE(shown.asks(numbered_client(2)));
  EXPECT_FALSE(shown.asks(numbered_client(1)));
  EXPECT_EQ(shown.parts, (std::vector<double>{1, 0.25}));
  EXPECT_EQ(record.published(task.network).parts, shown.parts);
  RoundRecord hostile = shown;
  hostile.parts = {1, -1};
  EXPECT_THROW(decode_round_record(encode(hostile), task), InputError);
  hostile.parts = std::vector<double>(1000, 0.5);
  EXPECT_THROW(decode_round_record(encode(hostile), task), InputError);
  record.memory.rounds[0].narrow = {{numbered_client(2), 1.5}};
  EXPECT_THROW(decode_round_record(encode(record), task), InputError);
  // Whole networks only.
  EXPECT_THROW(decode_round_record(encode(shown), small_task("krum 0")), InputError);
}

TEST(ClientMemory, KeepsWhatStaysWithTheClient) {
  const LearningTask task = small_task("fedbn; scaffold");
  Random random(1, "memory");
  const auto state = [&] {
    return ClientState{random_tensors(random, local_tensors(task.network, task.strategy), 1),
                       random_tensors(random, controlled_tensors(task.network, task.strategy), 1)};
  };
  const ClientMemory memory{9, Digest::of(Bytes{5}), state(), state()};
  EXPECT_EQ(ClientMemory::decode(memory.encode(), task), memory);
  const nn::NetworkSpec part = narrow_network(task.network, 0.5);
  const LearningTask narrow = small_task("fedbn");
  const ClientMemory half{
      9, Digest::of(Bytes{5}), {}, {random_tensors(random, local_tensors(part, narrow.strategy), 1), {}}, 0.5};
  EXPECT_EQ(ClientMemory::decode(half.encode(), narrow), half);
  const ClientMemory first{0, Digest::of(Bytes{5}), {}, state()};
  EXPECT_EQ(ClientMemory::decode(first.encode(), task), first);
  const Bytes bytes = memory.encode();
  for (std::size_t size = 0; size < bytes.size(); size += 8)
    EXPECT_THROW(ClientMemory::decode(ByteView(bytes).first(size), task), InputError) << size;
}

}  // namespace
}  // namespace outrider::averaging
