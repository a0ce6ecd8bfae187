#include "client/core/core.h"

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

const ClientId kCoreUnderTest = ClientId::from_public_key(bytes_of("client"));
const ClientId kItsAggregator = ClientId::from_public_key(bytes_of("aggregator"));

class CoreTest : public testing::Test {
 protected:
  void commit(const Effects& effects) { store.commit(effects.writes); }
  std::uint64_t say_hello(Instant now) {
    const Effects effects = core.tick(now);
    return std::get<protocol::Hello>(effects.messages.at(0).body).conversation;
  }
  void welcome(std::uint64_t conversation, std::uint64_t revision) {
    commit(core.receive(
        {kCoreUnderTest, protocol::Welcome{kItsAggregator, Revision{revision}, {}, {}, 5, conversation}}, Instant{10}));
  }
  void reach_revision(std::uint64_t revision) {
    commit(core.receive({kCoreUnderTest, protocol::Knowledge{Revision{}, Revision{revision}, {}}}, Instant{11}));
    ASSERT_EQ(core.replica(), Revision{revision});
  }

  MemoryStore store;
  Core core{kCoreUnderTest, "client", store, Random(1)};
};

TEST_F(CoreTest, ANameThatCannotBeSentIsRefusedAtTheStart) {
  for (const std::string& name :
       {std::string("two\nlines"), std::string("\xff"), std::string("a\0b", 3), std::string(1025, 'x')})
    EXPECT_THROW(Core(kCoreUnderTest, name, store, Random(1)), InputError);
  EXPECT_NO_THROW(Core(kCoreUnderTest, std::string(1024, 'x'), store, Random(1)));
}

// What comes after the largest number is 0.
TEST_F(CoreTest, AnAggregatorThatHasDecidedOnMoreThanThereCanBeIsNotBelieved) {
  for (const std::uint64_t decided : {kMostDecided, kMostDecided + 1, UINT64_MAX}) {
    MemoryStore disk;
    Core one(kCoreUnderTest, "client", disk, Random(1));
    const auto hello = std::get<protocol::Hello>(one.tick(Instant{0}).messages.at(0).body);
    const Effects effects = one.receive(
        {kCoreUnderTest,
         protocol::Welcome{kItsAggregator, Revision{7}, {}, SequenceNumber{decided}, 5, hello.conversation}},
        Instant{10});
    EXPECT_EQ(one.connected(), decided == kMostDecided) << decided;
    EXPECT_FALSE(effects.notices.empty());
  }
}

// Found by a virtual world: a welcome that was thirty seconds late looked like an aggregator that had lost its state.
TEST_F(CoreTest, AWelcomeFromAnEarlierConversationIsNoLossOfTheAggregators) {
  const std::uint64_t first = say_hello(Instant{0});
  EXPECT_NE(first, 0U);
  welcome(first, 7);
  reach_revision(7);
  commit(core.leave());
  const std::uint64_t second = say_hello(Instant{20'000});
  EXPECT_NE(second, first);
  welcome(first, 3);
  EXPECT_FALSE(core.connected());
  EXPECT_EQ(core.replica(), Revision{7});
  welcome(second, 7);
  EXPECT_TRUE(core.connected());
}

TEST_F(CoreTest, ARejectionOfAnEarlierRunIsNotMeantForThisOne) {
  const std::uint64_t conversation = say_hello(Instant{0});
  const auto rejected = [&](std::uint64_t of) {
    return core.receive({kCoreUnderTest, protocol::Rejected{"a copy", of}}, Instant{10}).rejected;
  };
  EXPECT_EQ(rejected(conversation + 2), std::nullopt);
  EXPECT_EQ(rejected(conversation), "a copy");
  EXPECT_EQ(rejected(0), "a copy") << "from an aggregator of before";
}

// A hello that had been put off for longer and longer stayed so when the connection was there again.
TEST_F(CoreTest, ANewConnectionIsASignThatTheAggregatorIsThere) {
  Instant now{0};
  for (int attempt = 0; attempt < 8; ++attempt) {
    say_hello(now);
    now = core.deadline();
  }
  const Instant long_before = core.deadline() - Timing{}.longest_retry / 4;
  ASSERT_GT(core.deadline(), long_before + Timing{}.first_retry);
  core.reconnected(long_before);
  EXPECT_GT(core.deadline(), long_before) << "clients that find it again together do not all speak at once";
  EXPECT_LE(core.deadline(), long_before + Timing{}.first_retry);
  core.reconnected(long_before);
  EXPECT_LE(core.deadline(), long_before + Timing{}.first_retry);
  say_hello(core.deadline());
}

TEST_F(CoreTest, AnAggregatorThatReallyKnowsLessIsBelieved) {
  welcome(say_hello(Instant{0}), 7);
  reach_revision(7);
  commit(core.leave());
  welcome(say_hello(Instant{20'000}), 3);
  EXPECT_TRUE(core.connected());
  EXPECT_EQ(core.replica(), Revision{});
}

TEST_F(CoreTest, AnAggregatorThatKnowsNoConversationsIsUnderstood) {
  say_hello(Instant{0});
  welcome(0, 7);
  EXPECT_TRUE(core.connected());
}

TEST_F(CoreTest, WithAnotherCapacityEverythingIsAskedForAgain) {
  welcome(say_hello(Instant{0}), 7);
  reach_revision(7);
  const Capacity small{.memory = 64, .operations = 65};
  for (const Revision expected : {Revision{}, Revision{7}}) {  // once
    Core other(kCoreUnderTest, "client", store, Random(2), {}, {}, small);
    EXPECT_EQ(other.replica(), expected == Revision{} ? Revision{7} : expected);  // until the aggregator knows
    const auto hello = std::get<protocol::Hello>(other.tick(Instant{0}).messages.at(0).body);
    EXPECT_EQ(hello.capacity, small);
    const Effects effects = other.receive(
        {kCoreUnderTest, protocol::Welcome{kItsAggregator, Revision{7}, {}, {}, 5, hello.conversation}}, Instant{10});
    commit(effects);
    EXPECT_EQ(other.replica(), expected);
    EXPECT_EQ(effects.notices.empty(), expected == Revision{7});
    if (expected == Revision{7}) break;
    EXPECT_EQ(std::get<protocol::Want>(effects.messages.at(0).body).since, Revision{});
    commit(other.receive({kCoreUnderTest, protocol::Knowledge{Revision{}, Revision{7}, {}}}, Instant{11}));
  }
}

TEST_F(CoreTest, ANewClientThatStatesItsCapacityHasNothingToAskForAgain) {
  Core small(kCoreUnderTest, "client", store, Random(2), {}, {}, {.memory = 64});
  const auto hello = std::get<protocol::Hello>(small.tick(Instant{0}).messages.at(0).body);
  const Effects effects = small.receive(
      {kCoreUnderTest, protocol::Welcome{kItsAggregator, Revision{7}, {}, {}, 5, hello.conversation}}, Instant{10});
  EXPECT_TRUE(effects.notices.empty());
}

}  // namespace
}  // namespace outrider::client
