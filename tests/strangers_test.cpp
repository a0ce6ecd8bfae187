// The program among peers that speak another version of the protocol, or none at all.
#include <array>

#include <gmock/gmock.h>
#include <zmq.hpp>

#include "learners/random.h"
#include "protocol/frame.h"
#include "protocol/limits.h"
#include "protocol/multipart.h"
#include "tests/daemons.h"
#include "tests/fashion.h"
#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using protocol::part_of;
using protocol::view;
using ::testing::HasSubstr;

Bytes preamble(std::uint8_t version) {
  return {'O', 'U', 'T', 'R', version, 0, 0, 0};
}

// Says whatever it likes to an aggregator.
class Stranger {
 public:
  explicit Stranger(const std::string& address) : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 1000);
    socket_.connect(address);
  }

  void say(const std::vector<Bytes>& frames) {
    std::vector<zmq::message_t> parts;
    for (const Bytes& frame : frames) parts.push_back(part_of(ByteView(frame)));
    ASSERT_EQ(protocol::send(socket_, parts), protocol::SendResult::sent);
  }
  // The frames of the next message.
  std::vector<Bytes> hear() {
    std::vector<zmq::message_t> parts(4);
    std::size_t count = 0;
    eventually([&] { return (count = protocol::receive(socket_, parts)) > 0; }, 10s);
    std::vector<Bytes> frames;
    for (std::size_t i = 0; i < std::min(count, parts.size()); ++i)
      frames.emplace_back(view(parts[i]).begin(), view(parts[i]).end());
    return frames;
  }

 private:
  zmq::context_t context_{1};
  zmq::socket_t socket_;
};

TEST(OtherVersion, IsToldWhichVersionsTheAggregatorSpeaks) {
  Site site;
  const Process aggregator = site.start_aggregator();
  Stranger stranger(site.address());
  stranger.say({preamble(99), {1, 2, 3}});
  const std::vector<Bytes> answer = stranger.hear();
  ASSERT_EQ(answer.size(), 2u);
  EXPECT_EQ(answer[0], preamble(0));
  EXPECT_EQ(text_of(answer[1]), "1 1\nthis aggregator speaks versions 1 to 1; the peer spoke 99");
  EXPECT_TRUE(eventually([&] { return aggregator.errors().find("version 99") != std::string::npos; }));
}

// An aggregator of the distant future: answers everything with one message.
class AggregatorOfVersion99 {
 public:
  AggregatorOfVersion99() : socket_(context_, zmq::socket_type::router) {
    socket_.set(zmq::sockopt::linger, 1000);
    socket_.bind("tcp://127.0.0.1:*");
  }
  std::string address() { return socket_.get(zmq::sockopt::last_endpoint); }
  // Answers until the program has ended.
  Outcome serve(Process program, const Bytes& first_frame, std::string_view body) {
    std::array<zmq::message_t, 3> request;
    eventually(
        [&] {
          while (protocol::receive(socket_, request) > 0) {
            std::array<zmq::message_t, 3> answer = {part_of(view(request[0])), part_of(ByteView(first_frame)),
                                                    part_of(bytes_of(body))};
            protocol::send(socket_, answer);
          }
          return !program.running();
        },
        20s);
    return program.wait(0s).value_or(Outcome{});
  }

 private:
  zmq::context_t context_{1};
  zmq::socket_t socket_;
};

TEST(OtherVersion, OfTheAggregatorEndsAClientAndAStatusQueryWithTheSentence) {
  AggregatorOfVersion99 aggregator;
  Site site;
  site.set_address(aggregator.address());
  const std::string sentence = "this aggregator speaks versions 98 to 99; the peer spoke 1";
  const std::string answer = "98 99\n" + sentence;
  const Outcome client = aggregator.serve(site.start_client("ann"), preamble(0), answer);
  EXPECT_EQ(client.exit_code, 1) << client.errors;
  EXPECT_THAT(client.errors, ::testing::EndsWith("outrider: " + sentence + "\n"));
  const Outcome status =
      aggregator.serve(Process({"status", "--aggregator", aggregator.address()}), preamble(0), answer);
  expect_complaint(status, 1, {sentence});
}

TEST(OtherVersion, ThatAnAggregatorSpeaksUnaskedEndsAClientToo) {
  AggregatorOfVersion99 aggregator;
  Site site;
  site.set_address(aggregator.address());
  const Outcome client = aggregator.serve(site.start_client("ann"), preamble(99), "whatever");
  EXPECT_EQ(client.exit_code, 1) << client.errors;
  EXPECT_THAT(client.errors, ::testing::EndsWith("outrider: this client speaks versions 1 to 1; the peer spoke 99\n"));
}

// Everything that a fuzzer thinks of first; seeded.
std::vector<Bytes> garbage(Random& random) {
  const protocol::Frames good =
      protocol::encode_frames({ClientId{}, protocol::Hello{"stranger", Revision{random.below(5)}}});
  std::vector<Bytes> frames{Bytes(good.preamble.begin(), good.preamble.end()), good.body};
  const auto size = static_cast<std::uint32_t>(good.body.size());
  const auto noise = [&](std::size_t bytes) {
    Bytes made(bytes);
    for (std::uint8_t& byte : made) byte = static_cast<std::uint8_t>(random.below(256));
    return made;
  };
  switch (random.below(5)) {
    case 0:
      return std::vector<Bytes>(1 + random.below(6), noise(random.below(64)));
    case 1:
      frames[1] = noise(8 * random.below(4096));
      return frames;
    case 2:
      frames[1].resize(random.below(size));
      return frames;
    case 3:
      for (int i = 0; i < 4; ++i) frames[1][random.below(size)] ^= static_cast<std::uint8_t>(1 + random.below(255));
      return frames;
    default:
      frames.push_back(noise(random.below(16)));
      return frames;
  }
}

TEST(Garbage, HurtsNeitherTheAggregatorNorItsClients) {
  Site site;
  Process aggregator = site.start_aggregator_with_encoder();
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
  Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "sneaker") == 5; })) << client.errors();
  Random random(1, "garbage");
  for (int peer = 0; peer < 5; ++peer) {
    Stranger stranger(site.address());
    for (int i = 0; i < 100; ++i) stranger.say(garbage(random));
    stranger.say({preamble(1), Bytes(protocol::kMaxMessageBytes + (1u << 20))});  // ends its connection
  }
  ASSERT_TRUE(aggregator.running()) << aggregator.errors();
  EXPECT_TRUE(client.running());
  show(site.data("ann"), "dress", pictures_of("dress", 0, 5));
  EXPECT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "dress") == 5; })) << client.errors();
  EXPECT_EQ(pictures_known(site.state("ann")).size(), kBaseClasses + 2);
  EXPECT_THAT(aggregator.errors(), HasSubstr("dropped a message"));
}

}  // namespace
}  // namespace outrider::testing
