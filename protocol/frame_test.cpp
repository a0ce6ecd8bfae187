#include "protocol/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider::protocol {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const ClientId kSender = ClientId::from_public_key(bytes_of("client"));

Preamble of_version(std::uint8_t low, std::uint8_t high = 0) {
  return {'O', 'U', 'T', 'R', low, high, 0, 0};
}

TEST(Frames, PreambleIsMagicAndVersion) {
  EXPECT_EQ(encode_frames({kSender, Goodbye{}}).preamble, (Preamble{'O', 'U', 'T', 'R', 1, 0, 0, 0}));
}

TEST(Frames, MessageSurvives) {
  const Frames frames = encode_frames({kSender, Hello{"camera 7", Revision{4}}});
  const auto received = decode_frames(frames.preamble, frames.body);
  const Message& message = std::get<Message>(received);
  EXPECT_EQ(message.client, kSender);
  EXPECT_EQ(std::get<Hello>(message.body).name, "camera 7");
}

TEST(Frames, UnsupportedIsReadableText) {
  const Frames frames = encode_frames({kSender, unsupported("this aggregator", {7})});
  EXPECT_EQ(frames.preamble, of_version(0));
  EXPECT_EQ(text_of(frames.body), "1 1\nthis aggregator speaks versions 1 to 1; the peer spoke 7");
  const auto received = decode_frames(frames.preamble, frames.body);
  const auto& body = std::get<Unsupported>(std::get<Message>(received).body);
  EXPECT_EQ(body.oldest, kOldestSupportedVersion);
  EXPECT_EQ(body.newest, kVersion);
  EXPECT_EQ(body.sentence, "this aggregator speaks versions 1 to 1; the peer spoke 7");
}

TEST(Frames, OtherVersionsAreReportedWithoutReadingTheBody) {
  EXPECT_EQ(std::get<UnknownVersion>(decode_frames(of_version(7), bytes_of("?"))).version, 7);
  EXPECT_EQ(std::get<UnknownVersion>(decode_frames(of_version(1, 1), {})).version, 257);
}

TEST(Frames, BadPreamblesAreRefused) {
  const Bytes body = encode_frames({kSender, Goodbye{}}).body;
  const auto decoding = [&](const Bytes& preamble) { return [=] { decode_frames(preamble, body); }; };
  EXPECT_THAT(decoding({'O', 'U', 'T', 'R'}), ThrowsMessage<InputError>(HasSubstr("4 bytes, not 8")));
  EXPECT_THAT(decoding({}), ThrowsMessage<InputError>(HasSubstr("0 bytes, not 8")));
  EXPECT_THAT(decoding({'H', 'T', 'T', 'P', 1, 0, 0, 0}), ThrowsMessage<InputError>(HasSubstr("no Outrider")));
  EXPECT_THAT(decoding({'O', 'U', 'T', 'R', 1, 0, 0, 1}), ThrowsMessage<InputError>(HasSubstr("reserved")));
}

TEST(Frames, BadUnsupportedBodiesAreRefused) {
  for (const char* body : {"", "1", "1 ", "1 1", "1 1 x", "x 1\n", "1 99999\nx", "-1 1\nx", "1 1\na\x01"})
    EXPECT_THROW(decode_frames(of_version(0), bytes_of(body)), InputError) << body;
  EXPECT_THROW(decode_frames(of_version(0), bytes_of("1 1\n" + std::string(5000, 'x'))), InputError);
}

}  // namespace
}  // namespace outrider::protocol
