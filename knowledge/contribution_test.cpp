#include "knowledge/contribution.h"

#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

Contribution example() {
  Contribution c;
  c.client = ClientId::from_public_key(bytes_of("key"));
  c.sequence = SequenceNumber{7};
  c.learned_against = Revision{3};
  c.topic = {"prototype", Digest::of(bytes_of("encoder")), "sandal"};
  c.payload = {1, 2, 3};
  return c;
}

TEST(Contribution, SurvivesEncoding) {
  EXPECT_EQ(decode_contribution(encode(example())), example());
}

TEST(Contribution, TextWithANulSurvivesEncoding) {
  Contribution c = example();
  c.topic.subject = std::string("a\0b", 3);
  EXPECT_EQ(decode_contribution(encode(c)), c);
}

TEST(Contribution, IdCoversEveryField) {
  const Digest id = example().id();
  auto changed = [&](auto change) {
    Contribution c = example();
    change(c);
    return c.id() != id;
  };
  EXPECT_TRUE(changed([](auto& c) { c.client.bytes[0] ^= 1; }));
  EXPECT_TRUE(changed([](auto& c) { c.sequence = next(c.sequence); }));
  EXPECT_TRUE(changed([](auto& c) { c.learned_against = next(c.learned_against); }));
  EXPECT_TRUE(changed([](auto& c) { c.topic.kind += 'x'; }));
  EXPECT_TRUE(changed([](auto& c) { c.topic.space.bytes[31] ^= 1; }));
  EXPECT_TRUE(changed([](auto& c) { c.topic.subject += 'x'; }));
  EXPECT_TRUE(changed([](auto& c) { c.payload.push_back(0); }));
}

TEST(Contribution, TruncatedBytesAreRefusedAtEveryLength) {
  const Bytes whole = encode(example());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(decode_contribution(ByteView(whole).first(size)), InputError) << size;
}

TEST(Contribution, UnalignedBytesAreRead) {
  Bytes shifted = encode(example());
  shifted.insert(shifted.begin(), 0);
  EXPECT_EQ(decode_contribution(ByteView(shifted).subspan(1)), example());
}

TEST(Digest, HexRoundTrip) {
  const Digest digest = Digest::of(bytes_of("outrider"));
  EXPECT_EQ(Digest::from_hex(digest.hex()), digest);
  EXPECT_THROW(Digest::from_hex("12"), InputError);
  EXPECT_THROW(Digest::from_hex(std::string(64, 'x')), InputError);
}

TEST(Digest, IsBlake2b256) {
  EXPECT_EQ(Digest::of({}).hex(), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

TEST(Digest, FieldBoundariesCount) {
  EXPECT_NE(Hasher().field("ab").field("c").finish(), Hasher().field("a").field("bc").finish());
}

}  // namespace
}  // namespace outrider
