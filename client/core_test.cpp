#include "client/core.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace outrider::client
