#include "simulations/world/twisted_message.h"

#include <gtest/gtest.h>

#include "knowledge/utf8.h"
#include "simulations/world/promises.h"

namespace outrider::simulations {
namespace {

const ClientId kClient = ClientId::from_public_key(bytes_of("client"));

std::vector<protocol::Message> one_of_each() {
  const Topic topic{"prototype", Digest::of(bytes_of("space")), "bag"};
  const Digest digest = Digest::of(bytes_of("content"));
  const Contribution contribution{kClient, SequenceNumber{1}, Revision{2}, topic, {1, 2, 3}};
  std::vector<protocol::Message> messages;
  for (const protocol::Body& body : std::initializer_list<protocol::Body>{
           protocol::Hello{"client", Revision{3}, 7}, protocol::Contribute{{contribution}},
           protocol::Offer{digest, contribution, 3, 1}, protocol::PayloadPart{digest, 0, 1, {1, 2}},
           protocol::Want{Revision{3}}, protocol::WantBlob{digest, 0, 5}, protocol::Heartbeat{}, protocol::Goodbye{},
           protocol::StatusQuery{}, protocol::Welcome{kClient, Revision{1}, digest}, protocol::Held{digest, 3},
           protocol::Accepted{{digest}, Revision{1}}, protocol::Refused{digest, "because"},
           protocol::Knowledge{{}, Revision{1}, {{topic, {1}}}}, protocol::BlobChunk{digest, 0, 2, {1, 2}},
           protocol::Announce{kClient, Revision{1}, digest},
           protocol::Status{kClient, Revision{1}, digest, {{kClient, "client"}}, {{topic, 1, Revision{1}}}}})
    messages.push_back({kClient, body});
  return messages;
}

TEST(TwistedMessage, IsTheMessageWhereNothingIsTwisted) {
  HostileValues values(Random(1));
  for (const protocol::Message& message : one_of_each())
    EXPECT_EQ(protocol::encode(protocol::decode(twisted(message, 0, values))), protocol::encode(message));
}

TEST(TwistedMessage, IsOftenRefusedByTheCodecAndOftenNot) {
  HostileValues values(Random(1));
  std::size_t refused = 0;
  std::size_t taken = 0;
  for (int round = 0; round < 100; ++round)
    for (const protocol::Message& message : one_of_each()) {
      const Bytes bytes = twisted(message, 0.3F, values);
      ++(understood(bytes) ? taken : refused);
    }
  EXPECT_GT(refused, 300U);
  EXPECT_GT(taken, 300U);
}

TEST(TwistedMessage, ReachesEveryMessageThatHoldsAnything) {
  HostileValues values(Random(1));
  for (const protocol::Message& message : one_of_each()) {
    const bool empty = std::holds_alternative<protocol::Goodbye>(message.body);
    bool changed = false;
    for (int round = 0; round < 20; ++round) changed |= twisted(message, 1, values) != protocol::encode(message);
    EXPECT_EQ(changed, !empty) << message.body.index();
  }
}

TEST(TwistedMessage, IsTheSameForTheSameSeed) {
  HostileValues one(Random(7));
  HostileValues other(Random(7));
  for (const protocol::Message& message : one_of_each())
    EXPECT_EQ(twisted(message, 0.5F, one), twisted(message, 0.5F, other));
}

TEST(HostileValues, HoldWordsThatAreNoTextAndWordsThatAre) {
  HostileValues values(Random(3));
  std::size_t text = 0;
  std::size_t none = 0;
  std::size_t longest = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string word = values.word();
    ++(utf8::objection(word, 1024) ? none : text);
    longest = std::max(longest, word.size());
  }
  EXPECT_GT(text, 200U);
  EXPECT_GT(none, 200U);
  EXPECT_GE(longest, 65'536U);
}

TEST(Promises, WhatCannotBeSentIsAViolationThatNamesWhoSaysIt) {
  try {
    sent({kClient, protocol::Hello{"two\nlines"}}, "client 7");
    FAIL();
  } catch (const Violation& violation) {
    EXPECT_EQ(std::string(violation.what()).rfind("client 7 says what cannot be sent: the name in hello", 0), 0U);
  }
}

TEST(Promises, WhatACoreThrowsIsAViolation) {
  EXPECT_THROW(guarded("a core", [] { throw std::length_error("too long"); }), Violation);
  EXPECT_NO_THROW(guarded("a core", [] {}));
}

}  // namespace
}  // namespace outrider::simulations
