// The program among peers that speak another version of the protocol, or none at all.
#include <algorithm>
#include <array>
#include <functional>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <zmq.hpp>

#include "learners/prototypical/merge.h"
#include "learners/prototypical/pretrained.h"
#include "learners/random.h"
#include "protocol/frame.h"
#include "protocol/limits.h"
#include "protocol/multipart.h"
#include "protocol/test_loop.h"
#include "protocol/transport.h"
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

// Connections of strangers who say nothing.
class IdleConnections {
 public:
  IdleConnections(const std::string& address, int count) {
    namespace ip = boost::asio::ip;
    const ip::tcp::endpoint aggregator(ip::make_address("127.0.0.1"), *protocol::Address::parse(address).port);
    for (int i = 0; i < count; ++i) connections_.emplace_back(io_).connect(aggregator);
  }
  // Those that the other side has ended.
  std::size_t ended() {
    return static_cast<std::size_t>(std::ranges::count_if(connections_, [](auto& connection) {
      boost::system::error_code error;
      std::array<char, 256> greeting{};
      connection.non_blocking(true);
      while (connection.read_some(boost::asio::buffer(greeting), error) > 0) {
      }
      return error != boost::asio::error::would_block;
    }));
  }

 private:
  boost::asio::io_context io_;
  std::vector<boost::asio::ip::tcp::socket> connections_;
};

std::size_t lines_with(const std::string& text, const std::string& words) {
  std::size_t count = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

// What a client would contribute on its classes again and again, as many messages as `messages`.
std::vector<protocol::Message> many_contributions(const Site& site, const std::filesystem::path& encoder,
                                                  const ClientId& client, std::uint64_t messages) {
  constexpr std::uint64_t kEach = 400;
  constexpr std::uint64_t kClasses = 200;
  const Pretrained pretrained = load_pretrained(encoder);
  const Digest space = site.status().definition;
  const Bytes payload = encode(pretrained.classes.front().second);
  std::vector<protocol::Message> made;
  for (std::uint64_t message = 0; message < messages; ++message) {
    protocol::Contribute contribute;
    for (std::uint64_t i = message * kEach + 1; i <= (message + 1) * kEach; ++i)
      contribute.contributions.push_back({client,
                                          SequenceNumber{i},
                                          Revision{},
                                          {std::string(kPrototypeKind), space, "class " + std::to_string(i % kClasses)},
                                          payload});
    made.push_back({client, std::move(contribute)});
  }
  return made;
}

// 200 strangers, more than there are descriptors for.
TEST(Descriptors, IdleConnectionsTakeNeitherTheStoresNorThoseOfClients) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizers need descriptors themselves: they take what they cannot look at for damaged";
#endif
  for (const int limit : {100, 128}) {
    Site site;
    site.set_limits("-n " + std::to_string(limit));
    Process aggregator = site.start_aggregator_with_encoder();
    show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
    Process client = site.start_client("ann");
    ASSERT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "sneaker") == 5; })) << client.errors();
    IdleConnections strangers(site.address(), 200);
    EXPECT_TRUE(eventually([&] { return strangers.ended() >= 100; }));
    EXPECT_TRUE(eventually([&] { return aggregator.descriptors() < static_cast<std::size_t>(limit) - 20; }))
        << "what the store may need is free";
    show(site.data("ann"), "dress", pictures_of("dress", 0, 5));
    EXPECT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "dress") == 5; })) << client.errors();
    EXPECT_TRUE(site.knows_class("dress"));
    EXPECT_TRUE(aggregator.running()) << aggregator.errors();
    EXPECT_THAT(aggregator.errors(), HasSubstr("connections are all that fit here"));
    EXPECT_LE(lines_with(aggregator.errors(), "all that fit"), 20u) << "and that is not said for each";
  }
}

TEST(Descriptors, TheSoftLimitIsRaised) {
  Site site;
  site.set_limits("-Sn 64");
  Process aggregator = site.start_aggregator_with_encoder();
  IdleConnections strangers(site.address(), 200);
  EXPECT_TRUE(eventually([&] { return aggregator.descriptors() > 200; })) << aggregator.descriptors();
  EXPECT_EQ(site.status().clients.size(), 0u);
}

TEST(Descriptors, TooFewAreSaidAtTheStart) {
  TemporaryDirectory state;
  const Outcome outcome =
      run_program("/bin/sh", {"-c", "ulimit -n 50 && exec \"$0\" \"$@\"", OUTRIDER_PROGRAM, "aggregator", "--state",
                              (state.path() / "state").string(), "--listen", "tcp://127.0.0.1:*"});
  expect_complaint(outcome, kFailure, {"50 files and connections", "ulimit -n"});
}

TEST(Descriptors, ClosedStandardOnesAreNotTakenByFilesOfTheStore) {
  Site site;
  const std::string address = "tcp://127.0.0.1:*";
  Process aggregator("/bin/sh", {"-c", "exec \"$0\" \"$@\" <&- >&- 2>&-", OUTRIDER_PROGRAM, "aggregator", "--state",
                                 site.path("aggregator").string(), "--listen", address, "--address-file",
                                 site.path("address").string()});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(site.path("address")); }));
  std::string text = text_of_file(site.path("address"));
  site.set_address(text.substr(0, text.find('\n')));
  EXPECT_EQ(site.status().clients.size(), 0u);
  for (const int standard : {0, 1, 2}) {
    const auto link = "/proc/" + std::to_string(aggregator.id()) + "/fd/" + std::to_string(standard);
    EXPECT_EQ(std::filesystem::read_symlink(link), "/dev/null") << standard;
  }
}

// Nothing can be opened for a while, though much is to be written: the aggregator says so, and is there again after it.
TEST(Descriptors, WhatCannotBeWrittenForAWhileIsTriedAgain) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizers need descriptors themselves: they take what they cannot look at for damaged";
#endif
  Site site;
  Process aggregator = site.start_aggregator_with_encoder();
  const protocol::KeyPair keys = protocol::KeyPair::generate();
  const auto messages = many_contributions(site, site.encoder(), keys.client_id(), 60);
  protocol::Loop loop;
  std::uint64_t decided = 0;
  protocol::DealerSocket dealer(loop.io, protocol::Address::parse(site.address()), {},
                                {.on_message = [&](const protocol::Message& message) {
                                  if (const auto* welcome = std::get_if<protocol::Welcome>(&message.body))
                                    decided = number(welcome->highest_decided);
                                  if (const auto* accepted = std::get_if<protocol::Accepted>(&message.body))
                                    decided += accepted->contributions.size();
                                }});
  // As a client does it: what was not answered is sent again.
  const auto contribute = [&](std::size_t message) {
    const std::uint64_t wanted = (message + 1) * 400;
    dealer.send({keys.client_id(), protocol::Hello{"much"}});
    dealer.send(messages[message]);
    return loop.until([&] { return decided >= wanted; }, 1s);
  };
  ASSERT_TRUE(loop.until([&] { return contribute(0); }));
  aggregator.limit_descriptors(1);
  std::size_t at = 1;
  while (at < messages.size() && contribute(at)) ++at;
  ASSERT_LT(at, messages.size()) << "it has come to where it needs to open a file";
  EXPECT_TRUE(eventually([&] { return lines_with(aggregator.errors(), "nothing was acknowledged") > 0; }));
  contribute(at);
  ASSERT_TRUE(aggregator.running()) << aggregator.errors();
  aggregator.limit_descriptors(1024);
  EXPECT_TRUE(eventually([&] { return contribute(at); })) << aggregator.errors();
  EXPECT_EQ(site.status().clients.size(), 1u);
  EXPECT_LE(lines_with(aggregator.errors(), "nothing was acknowledged"), 30u) << "with growing pauses";
}

TEST(Elsewhere, StatusTellsAnUnknownHostFromAnotherProgramAndFromOneThatSaysNothing) {
  const std::string key = "#" + std::string(64, 'a');
  expect_complaint(run({"status", "--aggregator", "tcp://nowhere.invalid:7700" + key}), kFailure,
                   {"'nowhere.invalid' is not known"});
  using boost::asio::ip::tcp;
  boost::asio::io_context io;
  tcp::acceptor other(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const std::string address = "tcp://127.0.0.1:" + std::to_string(other.local_endpoint().port());
  expect_complaint(run({"status", "--aggregator", address}), kFailure, {"takes connections but says nothing"});
  std::function<void()> greet = [&] {
    other.async_accept([&](const boost::system::error_code& error, tcp::socket served) {
      boost::system::error_code ignored;
      boost::asio::write(served, boost::asio::buffer(std::string("220 mail.example.org ESMTP\r\n")), ignored);
      if (!error) greet();
    });
  };
  greet();
  Process status({"status", "--aggregator", address});
  eventually([&] {
    io.poll();
    return !status.running();
  });
  expect_complaint(status.wait(std::chrono::seconds(0)).value_or(Outcome{}), kFailure, {"is no aggregator"});
}

TEST(Elsewhere, AClientSaysWhyItFindsNoAggregatorAndThenMoreRarely) {
  Site site;
  site.set_address("tcp://127.0.0.1:1");
  const Process client = site.start_client("ann");
  EXPECT_TRUE(eventually([&] {
    return client.errors().find("finds no aggregator at tcp://127.0.0.1:1") != std::string::npos;
  })) << client.errors();
  EXPECT_THAT(client.errors(), ::testing::HasSubstr("Connection refused"));
}

}  // namespace
}  // namespace outrider::testing
