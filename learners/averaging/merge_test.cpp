#include "learners/averaging/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/client_memory.h"
#include "learners/averaging/test_desk.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

constexpr unsigned kClients = 5;

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
  EXPECT_THAT(*desk.contribute(desk.update_of(shuffled_client(0), 0)), HasSubstr("round 0"));
  desk.come(kClients);
  const auto asked = desk.asked();
  for (unsigned i = 0; i < kClients; ++i)
    if (!std::ranges::binary_search(asked, shuffled_client(i))) {
      EXPECT_THAT(*desk.contribute(desk.update_of(shuffled_client(i), 0)), HasSubstr("did not ask"));
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
    buffer.push_back(desk.update_of(shuffled_client(client), round));
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

TEST(AveragingMerge, RulesThatCannotWorkAreRefusedWithTheTask) {
  const LearningTask task = small_task("krum 2");
  const auto merge = AveragingFamily({.cohort = 4, .minimum = 4}).make_merge();
  EXPECT_THAT(*merge->open_space(task.id(), task.encode()), HasSubstr("needs 7"));
  EXPECT_THAT(*merge->open_space(Digest::of(Bytes{1}), Bytes{1}), HasSubstr("task"));
}

TEST(RoundRecord, KeepsEverythingAndTellsClientsWhatTheyNeed) {
  const LearningTask task = small_task("fedadam; late constant limit 3");
  RoundRecord record{task.initial_state(), {true, 2, {{0, {shuffled_client(1)}, {shuffled_client(1)}}}}, 17};
  record.state.round = 1;
  record.memory.rounds.push_back({1, {shuffled_client(2), shuffled_client(3)}, {shuffled_client(3)}});
  EXPECT_EQ(decode_round_record(encode(record), task), record);
  const RoundRecord shown = decode_round_record(encode(record.published(task.network)), task);
  EXPECT_TRUE(shown.asks(shuffled_client(2)));
  EXPECT_FALSE(shown.asks(shuffled_client(1)));
  EXPECT_TRUE(shown.state.momentum.tensors.empty());
  const Bytes bytes = encode(record);
  for (std::size_t size = 0; size < bytes.size(); size += 8)
    EXPECT_THROW(decode_round_record(ByteView(bytes).first(size), task), InputError) << size;
  record.memory.rounds.pop_back();
  EXPECT_THROW(decode_round_record(encode(record), task), InputError);  // open, but nobody is asked
}

TEST(RoundRecord, KeepsTheWidthsOfThoseAsked) {
  const LearningTask task = small_task("fedavg; late constant limit 3");
  RoundRecord record{task.initial_state(), {true, 0, {{0, {shuffled_client(1), shuffled_client(2)}, {}}}}, 2};
  record.memory.rounds[0].narrow = {{shuffled_client(2), 0.25}};
  EXPECT_EQ(decode_round_record(encode(record), task), record);
  const RoundRecord shown = record.published(task.network, 0.25);
  EXPECT_EQ(decode_round_record(encode(shown), task), shown);
  EXPECT_TRUE(shown.asks(shuffled_client(2)));
  EXPECT_FALSE(shown.asks(shuffled_client(1)));
  EXPECT_EQ(shown.parts, (std::vector<double>{1, 0.25}));
  EXPECT_EQ(record.published(task.network).parts, shown.parts);
  RoundRecord hostile = shown;
  hostile.parts = {1, -1};
  EXPECT_THROW(decode_round_record(encode(hostile), task), InputError);
  hostile.parts = std::vector<double>(1000, 0.5);
  EXPECT_THROW(decode_round_record(encode(hostile), task), InputError);
  record.memory.rounds[0].narrow = {{shuffled_client(2), 1.5}};
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
  const nn::NetworkSpec part = surgery::narrow_network(task.network, 0.5);
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
