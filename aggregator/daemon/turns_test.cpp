#include "aggregator/daemon/turns.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace outrider::aggregator {
namespace {

using namespace std::chrono_literals;

ClientId speaker(std::string_view name) {
  return ClientId::from_public_key(bytes_of(name));
}

protocol::Message contribute(const ClientId& client, std::uint64_t first, std::uint64_t count, std::size_t bytes) {
  protocol::Contribute message;
  for (std::uint64_t i = first; i < first + count; ++i)
    message.contributions.push_back(
        {client, SequenceNumber{i}, Revision{}, {"kind", Digest{}, "subject"}, Bytes(bytes)});
  return {client, message};
}

// A client that floods and one that says a word now and then: how many of the flood's come before the word.
TEST(Turns, AWordIsHeardBetweenTheMessagesOfAFlood) {
  Turns turns;
  const ClientId flood = speaker("flood");
  const ClientId other = speaker("other");
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(turns.add({flood, protocol::Heartbeat{}}));
  ASSERT_TRUE(turns.add({other, protocol::Heartbeat{}}));
  int before = 0;
  while (turns.next()->client == flood) {
    turns.spent(1ms);
    ++before;
  }
  EXPECT_LE(before, 2) << "a turn lasts two of its milliseconds";
}

TEST(Turns, TheOrderOfAClientStaysAndNothingIsLost) {
  Turns turns;
  const ClientId client = speaker("client");
  ASSERT_TRUE(turns.add({client, protocol::Hello{"name"}}));
  ASSERT_TRUE(turns.add(contribute(client, 1, 200, 1000)));
  ASSERT_TRUE(turns.add({client, protocol::Goodbye{}}));
  ASSERT_TRUE(std::holds_alternative<protocol::Hello>(turns.next()->body));
  std::uint64_t expected = 1;
  std::size_t pieces = 0;
  std::optional<protocol::Message> message;
  while ((message = turns.next()) && std::holds_alternative<protocol::Contribute>(message->body)) {
    std::size_t bytes = 0;
    for (const Contribution& contribution : std::get<protocol::Contribute>(message->body).contributions) {
      EXPECT_EQ(contribution.sequence, SequenceNumber{expected++});
      bytes += contribution.payload.size();
    }
    EXPECT_LE(bytes, 64u << 10);
    ++pieces;
    turns.spent(5ms);
  }
  EXPECT_EQ(expected, 201u);
  EXPECT_GE(pieces, 4u);
  EXPECT_TRUE(std::holds_alternative<protocol::Goodbye>(message->body));
  EXPECT_TRUE(turns.is_empty());
}

TEST(Turns, AContributionLargerThanAPieceIsOneOfItsOwn) {
  Turns turns;
  const ClientId client = speaker("client");
  ASSERT_TRUE(turns.add(contribute(client, 1, 3, 200u << 10)));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(std::get<protocol::Contribute>(turns.next()->body).contributions.size(), 1u);
  ASSERT_TRUE(turns.add(contribute(client, 1, 0, 0)));
  EXPECT_TRUE(std::get<protocol::Contribute>(turns.next()->body).contributions.empty());
  EXPECT_TRUE(turns.is_empty());
}

TEST(Turns, OfOneClientNoMoreWaitsThanItMayHave) {
  Turns::Limits limits;
  limits.client_bytes = 10'000;
  limits.client_messages = 3;
  limits.bytes = 12'000;
  Turns turns(limits);
  const ClientId client = speaker("client");
  EXPECT_TRUE(turns.add(contribute(client, 1, 1, 50'000))) << "one message, whatever its size";
  EXPECT_FALSE(turns.has_room());
  EXPECT_FALSE(turns.add({client, protocol::Heartbeat{}}));
  EXPECT_TRUE(turns.add({speaker("other"), protocol::Heartbeat{}}));
  while (turns.next()) {
  }
  EXPECT_TRUE(turns.has_room());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(turns.add({client, protocol::Heartbeat{}}));
  EXPECT_FALSE(turns.add({client, protocol::Heartbeat{}}));
}

}  // namespace
}  // namespace outrider::aggregator
