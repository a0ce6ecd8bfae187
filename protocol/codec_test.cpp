#include "protocol/codec.h"

#include <random>
#include <set>

#include <boost/pfr.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "protocol/limits.h"
#include "protocol/outrider.capnp.h"

namespace outrider::protocol {

// Field by field, so that a field which the codec forgets makes a difference.
template <typename T>
requires(std::is_constructible_v<Body, T> || std::is_same_v<T, ClientStatus> || std::is_same_v<T, TopicStatus>) bool
operator==(const T& a, const T& b) {
  return boost::pfr::eq_fields(a, b);
}

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const ClientId kClient = ClientId::from_public_key(bytes_of("client"));
const ClientId kAggregator = ClientId::from_public_key(bytes_of("aggregator"));
const Digest kDigest = Digest::of(bytes_of("content"));
const Topic kTopic{"prototype", kDigest, "Stiefel, größer"};

Contribution contribution(std::uint64_t sequence) {
  return {kClient, SequenceNumber{sequence}, Revision{3}, kTopic, {1, 2, 3}};
}

// One of every kind, with no field left at its default.
std::vector<Message> examples() {
  Hello hello{"camera 7", Revision{4}, 77, {64, 65}, {}, "1.2"};
  hello.incarnation.number = 78;
  hello.incarnation.earlier = {79, 80};
  hello.incarnation.relocated = true;
  const std::vector<Body> bodies = {
      hello,
      Contribute{{contribution(1), contribution(2)}},
      Offer{kDigest, {kClient, SequenceNumber{3}, Revision{4}, kTopic, {}}, 1u << 27, 5},
      PayloadPart{kDigest, 1u << 20, 6, Bytes(1000, 7)},
      Want{Revision{5}, true, true, kTopic},
      WantBlob{kDigest, 1u << 20, 4096},
      Heartbeat{Revision{6}, 2},
      Goodbye{},
      StatusQuery{kClient, kTopic},
      Welcome{kAggregator, Revision{7}, kDigest, SequenceNumber{8}, 9, 77, true},
      Held{kDigest, 1u << 20, 1u << 18, 8, 9, true, true},
      Accepted{{kDigest, Digest::of({})}, Revision{10}},
      Refused{kDigest, "the shape is wrong", false},
      Knowledge{Revision{11},
                Revision{12},
                {{kTopic, {4, 5}, {}, 0}, {kTopic, {}, {}, 0}, {kTopic, {}, kDigest, 6}},
                kTopic,
                kTopic},
      BlobChunk{kDigest, 13, 14, Bytes(1000, 15)},
      Announce{kAggregator, Revision{16}, kDigest},
      Status{kAggregator,
             Revision{17},
             kDigest,
             {{kClient, "camera 7", SequenceNumber{18}, Revision{19}, 20, true, 21, {66, 67}, "1.2", 68, 69, 70}},
             {{kTopic, 22, Revision{23}, 24}},
             true,
             true,
             25,
             26,
             27,
             {{"round", "3 of 40"}}},
      Rejected{"a copy", 28},
  };
  std::vector<Message> messages;
  for (const Body& body : bodies) messages.push_back({kClient, body});
  return messages;
}

// 1 if no field of the message's body has its default value.
template <typename Fields>
bool all_fields_set(const Fields& fields) {
  const Fields defaults{};
  bool set = true;
  boost::pfr::for_each_field(fields, [&](const auto& field, std::size_t i) {
    boost::pfr::for_each_field(defaults, [&](const auto& other, std::size_t j) {
      if constexpr (std::is_same_v<decltype(field), decltype(other)>) set &= i != j || !(field == other);
    });
  });
  return set;
}

TEST(Codec, ExamplesCoverEveryKindAndField) {
  std::set<std::size_t> kinds;
  for (const Message& message : examples()) {
    kinds.insert(message.body.index());
    std::visit(
        [](const auto& body) {
          EXPECT_TRUE(all_fields_set(body)) << typeid(body).name();
          if constexpr (std::is_same_v<std::decay_t<decltype(body)>, Status>) {
            EXPECT_TRUE(all_fields_set(body.clients[0]));
            EXPECT_TRUE(all_fields_set(body.topics[0]));
          }
        },
        message.body);
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Body> - 1);  // Unsupported has its own form
}

TEST(Codec, EveryKindSurvives) {
  for (const Message& message : examples()) {
    const Message copy = decode(encode(message));
    EXPECT_EQ(copy.client, message.client);
    EXPECT_TRUE(copy.body == message.body) << message.body.index();
  }
}

TEST(Codec, DefaultsSurvive) {
  const Message copy = decode(encode({kClient, Refused{}}));
  EXPECT_TRUE(copy.body == Body(Refused{}));
  EXPECT_TRUE(decode(encode({kClient, Welcome{}})).body == Body(Welcome{}));
  EXPECT_TRUE(decode(encode({kClient, Contribute{}})).body == Body(Contribute{}));
}

// As clients write it that know nothing of capacities.
TEST(Codec, AClientThatStatesNoCapacityIsUnlimited) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<schema::Message>();
  root.setClient(wire::data(kClient.view()));
  root.initBody().initHello().setName("camera 7");
  const Message message = decode(wire::flatten(builder));
  EXPECT_EQ(std::get<Hello>(message.body).capacity, Capacity{});
  EXPECT_EQ(Capacity{}.memory, Capacity::kUnlimited);
  EXPECT_EQ(std::get<Hello>(message.body).incarnation, Incarnation{});
  EXPECT_EQ(encode({kClient, Hello{"camera 7"}}).size(), encode({kClient, Hello{"camera 7", {}, 0, {1, 1}}}).size());
}

// Bytes of a hello with three words only, as clients of before send it.
TEST(Codec, AHelloOfBeforeIsUnderstood) {
  const std::uint64_t words[] = {
      10ull << 32,                             // one segment of 10 words
      (1ull | 2ull << 16) << 32,               // the root: 1 data word, 2 pointers
      0,                                       // kind: hello
      1 | 1ull << 2 | (2 | 16ull << 3) << 32,  // client: 16 bytes, one word on
      2ull << 2 | (2ull | 1ull << 16) << 32,   // body: a struct of 2 data words and 1 pointer, two words on
      0,
      0,                          // client
      4,                          // replica
      77,                         // conversation
      1 | (2 | 2ull << 3) << 32,  // name: 2 bytes, here
      'a',
  };
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(words),
                    reinterpret_cast<const std::uint8_t*>(words) + sizeof words);
  EXPECT_TRUE(decode(bytes).body == Body(Hello{"a", Revision{4}, 77, {}}));
}

TEST(Codec, AHelloNamesABoundedNumberOfEarlierRuns) {
  Hello hello{"camera 7"};
  hello.incarnation.earlier.assign(Incarnation::kMaxEarlier, 1);
  EXPECT_TRUE(decode(encode({kClient, hello})).body == Body(hello));
  hello.incarnation.earlier.push_back(1);
  EXPECT_THROW(encode({kClient, hello}), InputError);
}

TEST(Codec, TruncationIsRefusedAtEveryLength) {
  for (const Message& message : examples()) {
    const Bytes whole = encode(message);
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_THROW(decode(ByteView(whole).first(size)), InputError) << message.body.index() << " " << size;
  }
}

// Under AddressSanitizer this is the test that nothing is read out of bounds.
TEST(Codec, DamagedBytesAreRefusedOrReadAsAnotherMessage) {
  std::mt19937 random(20240607);
  int refused = 0;
  int read = 0;
  for (const Message& message : examples()) {
    const Bytes whole = encode(message);
    for (int trial = 0; trial < 3000; ++trial) {
      Bytes damaged = whole;
      for (auto flips = 1 + random() % 4; flips > 0; --flips)
        damaged[random() % damaged.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
      try {
        const Message other = decode(damaged);
        EXPECT_NO_THROW(encode(other));  // whatever is let in is within the limits
        ++read;
      } catch (const InputError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(read, 1000);
}

TEST(Codec, RandomBytesAreRefused) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 3000; ++trial) {
    Bytes noise(8 * (1 + random() % 40));
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
    EXPECT_THROW(decode(noise), InputError);
  }
}

TEST(Codec, UnknownKindIsNamed) {
  Bytes bytes = encode({kClient, Goodbye{}});
  constexpr std::size_t kKind = 16;  // after the segment table and the root pointer
  ASSERT_EQ(bytes[kKind], schema::Message::Body::GOODBYE);
  bytes[kKind] = 200;
  EXPECT_THAT([&] { decode(bytes); }, ThrowsMessage<InputError>(HasSubstr("message kind 200 is unknown to version 1")));
}

TEST(Codec, ListsAreBounded) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<schema::Message>();
  root.setClient(wire::data(kClient.view()));
  root.initBody().initKnowledge().initEntries(kMaxEntries + 1);
  const Bytes bytes = wire::flatten(builder);
  EXPECT_THAT([&] { decode(bytes); }, ThrowsMessage<InputError>(HasSubstr("knowledge has 65537 entries")));

  Accepted accepted;
  accepted.contributions.resize(kMaxEntries + 1);
  EXPECT_THROW(encode({kClient, accepted}), InputError);
  accepted.contributions.resize(kMaxEntries);
  EXPECT_TRUE(decode(encode({kClient, accepted})).body == Body(accepted));
}

// 64 bytes that claim half a billion contributions of no size.
TEST(Codec, ListOfNothingIsNoBomb) {
  const std::uint64_t words[] = {
      8ull << 32,                              // one segment of 8 words
      (1ull | 2ull << 16) << 32,               // the root: 1 data word, 2 pointers
      1,                                       // kind: contribute
      1 | 1ull << 2 | (2 | 16ull << 3) << 32,  // client: 16 bytes, one word on
      2ull << 2 | (1ull << 16) << 32,          // body: a struct of 1 pointer, two words on
      0,
      0,                        // client
      1 | 7ull << 32,           // contributions: a list of structs, 0 words
      ((1ull << 29) - 1) << 2,  // its tag: 2^29 - 1 structs of no words
  };
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(words),
                    reinterpret_cast<const std::uint8_t*>(words) + sizeof words);
  EXPECT_THROW(decode(bytes), InputError);
}

TEST(Codec, MessagesAreBounded) {
  BlobChunk chunk{kDigest, 0, 1, Bytes(kMaxMessageBytes)};
  EXPECT_THAT([&] { encode({kClient, chunk}); }, ThrowsMessage<InputError>(HasSubstr("at most 16777216 can be sent")));
  chunk.content.resize(kMaxMessageBytes - 1024);
  EXPECT_TRUE(decode(encode({kClient, chunk})).body == Body(chunk));
  EXPECT_THROW(decode(Bytes(kMaxMessageBytes + 8)), InputError);
}

TEST(Codec, TextIsBoundedUtf8WithoutControlCharacters) {
  const auto accepts = [](std::string name) {
    capnp::MallocMessageBuilder builder;
    auto root = builder.initRoot<schema::Message>();
    root.setClient(wire::data(kClient.view()));
    root.initBody().initHello().setName(capnp::Text::Reader(name.data(), name.size()));
    try {
      decode(wire::flatten(builder));
    } catch (const InputError&) {
      EXPECT_THROW(encode({kClient, Hello{name}}), InputError);
      return false;
    }
    EXPECT_NO_THROW(encode({kClient, Hello{name}}));
    return true;
  };
  EXPECT_TRUE(accepts(""));
  EXPECT_TRUE(accepts(std::string(kMaxTextBytes, 'x')));
  EXPECT_TRUE(accepts("é € 😀 \xED\x9F\xBF \xF4\x8F\xBF\xBF"));
  EXPECT_FALSE(accepts(std::string(kMaxTextBytes + 1, 'x')));
  EXPECT_FALSE(accepts("a\nb"));
  EXPECT_FALSE(accepts(std::string("a\0b", 3)));
  EXPECT_FALSE(accepts("\x7F"));
  EXPECT_FALSE(accepts("\x80"));              // a continuation alone
  EXPECT_FALSE(accepts("\xC3"));              // cut short
  EXPECT_FALSE(accepts("\xC0\xAF"));          // overlong
  EXPECT_FALSE(accepts("\xE0\x80\xAF"));      // overlong
  EXPECT_FALSE(accepts("\xED\xA0\x80"));      // a surrogate
  EXPECT_FALSE(accepts("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(accepts("\xFF"));
}

TEST(Codec, TextInsideTopicsIsCheckedToo) {
  Contribution bad = contribution(1);
  bad.topic.subject = std::string(kMaxTextBytes + 1, 'x');
  EXPECT_THROW(encode({kClient, Contribute{{bad}}}), InputError);
  EXPECT_THROW(encode({kClient, Knowledge{{}, {}, {{bad.topic, {}}}}}), InputError);
  EXPECT_THROW(encode({kClient, Status{{}, {}, {}, {}, {{bad.topic}}}}), InputError);
}

TEST(Codec, WrongIdSizesAreRefused) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<schema::Message>();
  root.initBody().initGoodbye();
  EXPECT_THAT([&] { decode(wire::flatten(builder)); }, ThrowsMessage<InputError>(HasSubstr("16 bytes, not 0")));
}

TEST(Codec, UnsupportedHasNoSuchForm) {
  EXPECT_THROW(encode({kClient, Unsupported{}}), std::logic_error);
}

}  // namespace
}  // namespace outrider::protocol
