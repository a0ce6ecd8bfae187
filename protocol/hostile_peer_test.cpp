#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <memory>
#include <span>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <zmq.hpp>

#include "protocol/frame.h"
#include "protocol/limits.h"
#include "protocol/multipart.h"
#include "protocol/test_aggregator.h"

namespace outrider::protocol {
namespace {

using namespace std::chrono_literals;

struct HostilePeer : Transport {};

// A ZeroMQ peer that is no Outrider: it sends and receives whatever frames it likes.
class Stranger {
 public:
  explicit Stranger(const std::string& endpoint) : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(endpoint);
  }
  void say(std::vector<Bytes> frames) {
    std::vector<zmq::message_t> parts;
    for (Bytes& frame : frames) parts.push_back(part_of(std::move(frame)));
    ASSERT_EQ(send(socket_, parts), SendResult::sent);
  }
  // Empty if nothing is there.
  std::vector<Bytes> hear() {
    std::vector<zmq::message_t> parts(4);
    parts.resize(receive(socket_, parts));
    std::vector<Bytes> frames;
    for (const auto& part : parts) frames.emplace_back(view(part).begin(), view(part).end());
    return frames;
  }

 private:
  zmq::context_t context_{1};
  zmq::socket_t socket_;
};

TEST_F(HostilePeer, OtherVersionIsAnsweredAndDropped) {
  open();
  Stranger stranger(router->bound_endpoint());
  stranger.say({{'O', 'U', 'T', 'R', 7, 0, 0, 0}, {1, 2, 3}});
  std::vector<Bytes> answer;
  ASSERT_TRUE(loop.until([&] { return !(answer = stranger.hear()).empty(); }));
  ASSERT_EQ(answer.size(), 2u);
  EXPECT_EQ(answer[0], (Bytes{'O', 'U', 'T', 'R', 0, 0, 0, 0}));
  EXPECT_EQ(text_of(answer[1]), "1 1\nthis aggregator speaks versions 1 to 1; the peer spoke 7");
  EXPECT_TRUE(at_router.empty());
  expect_service();
}

TEST_F(HostilePeer, ClientLearnsThatItsVersionIsNotSpoken) {
  zmq::context_t context;
  zmq::socket_t aggregator(context, zmq::socket_type::router);
  aggregator.set(zmq::sockopt::linger, 0);
  aggregator.bind("tcp://127.0.0.1:*");
  std::vector<std::string> sentences;
  int messages = 0;
  DealerSocket dealer(loop.io, Address::parse(aggregator.get(zmq::sockopt::last_endpoint)), {},
                      {.on_message = [&](const Message&) { ++messages; },
                       .on_unsupported = [&](const std::string& sentence) { sentences.push_back(sentence); }});
  dealer.send({client("a"), Hello{}});
  std::array<zmq::message_t, 3> request;
  ASSERT_TRUE(loop.until([&] { return receive(aggregator, request) == 3; }));
  const auto answer = [&](const Bytes& preamble, std::string_view body) {
    std::array<zmq::message_t, 3> parts = {part_of(view(request[0])), part_of(preamble), part_of(bytes_of(body))};
    ASSERT_EQ(send(aggregator, parts), SendResult::sent);
  };
  answer({'O', 'U', 'T', 'R', 0, 0, 0, 0}, "8 9\nthis aggregator speaks versions 8 to 9; the peer spoke 1");
  answer({'O', 'U', 'T', 'R', 9, 0, 0, 0}, "?");
  answer({'O', 'U', 'T', 'R', 1, 0, 0, 0}, "garbage");
  ASSERT_TRUE(loop.until([&] { return sentences.size() == 2 && dealer.traffic().dropped_receiving == 2; }));
  EXPECT_EQ(sentences[0], "this aggregator speaks versions 8 to 9; the peer spoke 1");
  EXPECT_EQ(sentences[1], "this client speaks versions 1 to 1; the peer spoke 9");
  EXPECT_EQ(messages, 0);
}

TEST_F(HostilePeer, GarbageIsDroppedAndOthersAreServed) {
  open();
  const Frames good = encode_frames({client("a"), Hello{"camera 7"}});
  const Bytes preamble(good.preamble.begin(), good.preamble.end());
  const Bytes half(good.body.begin(), good.body.begin() + 16);
  const std::vector<std::vector<Bytes>> garbage = {
      {preamble},                                                 // no body
      {{}},                                                       // nothing
      {preamble, good.body, {}},                                  // one frame too many
      {preamble, good.body, {}, {}, {}, {}, {}, {}, {}},          // many too many
      {good.body, preamble},                                      // the wrong way round
      {{'H', 'T', 'T', 'P', 1, 0, 0, 0}, good.body},              // no Outrider
      {preamble, half},                                           // truncated
      {preamble, Bytes(800, 0xFF)},                               // noise
      {preamble, {}},                                             // empty body
      {preamble, Bytes(kMaxMessageBytes + 8)},                    // just over the limit
      {{'O', 'U', 'T', 'R', 0, 0, 0, 0}, {'1', ' ', '1', '\n'}},  // a client has nothing to say in version 0
  };
  Stranger stranger(router->bound_endpoint());
  for (const auto& frames : garbage) stranger.say(frames);
  ASSERT_TRUE(loop.until([&] { return router->traffic().dropped_receiving == garbage.size(); }));
  EXPECT_TRUE(at_router.empty());
  EXPECT_EQ(router->routes(), 0u);
  expect_service();
  stranger.say({preamble, good.body});  // and so is the stranger once it speaks properly
  EXPECT_TRUE(loop.until([&] { return at_router.size() == 2; }));
}

TEST_F(HostilePeer, OversizeFrameEndsTheConnectionOnly) {
  open();
  Stranger stranger(router->bound_endpoint());
  stranger.say({{'O', 'U', 'T', 'R', 1, 0, 0, 0}, Bytes(kMaxMessageBytes + (1 << 20))});
  loop.turn(200ms);
  EXPECT_TRUE(at_router.empty());
  expect_service();
}

TEST_F(HostilePeer, BytesThatAreNotZeroMqAreSurvived) {
  open();
  namespace ip = boost::asio::ip;
  ip::tcp::socket raw(loop.io);
  raw.connect({ip::make_address("127.0.0.1"), *router->bound_address().port});
  boost::asio::write(raw,
                     boost::asio::buffer(std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n") + std::string(5000, '\xFF')));
  loop.turn(100ms);
  expect_service();
}

// Connections that nobody says anything over.
std::vector<boost::asio::ip::tcp::socket> idle_connections(boost::asio::io_context& io, std::uint16_t port, int count) {
  namespace ip = boost::asio::ip;
  std::vector<ip::tcp::socket> connections;
  for (int i = 0; i < count; ++i) connections.emplace_back(io).connect({ip::make_address("127.0.0.1"), port});
  return connections;
}

TEST_F(HostilePeer, ConnectionsInExcessAreEndedAndOthersAreServed) {
  RouterSocket::Options options;
  options.connections = 8;
  open("tcp://127.0.0.1:*", options);
  DealerSocket friendly(loop.io, router->bound_address(), {}, {.on_message = [](const Message&) {}});
  friendly.send({client("a"), Heartbeat{}});
  ASSERT_TRUE(loop.until([&] { return at_router.size() == 1; }));
  const auto idle = idle_connections(loop.io, *router->bound_address().port, 100);
  EXPECT_TRUE(loop.until([&] { return router->connections() <= 8; }));
  expect_service();
  EXPECT_TRUE(router->send({client("a"), Goodbye{}})) << "who talked before is still connected";
}

// Speaks ZeroMQ's own protocol byte by byte (https://rfc.zeromq.org/spec/23).
class RawPeer {
 public:
  RawPeer(boost::asio::io_context& io, std::uint16_t port, std::string_view mechanism) : socket_(io) {
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    std::array<std::uint8_t, 64> greeting{0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3};
    std::ranges::copy(mechanism, greeting.begin() + 12);
    write(greeting);
  }
  // False once the other side has ended the connection.
  bool write(std::span<const std::uint8_t> bytes) {
    boost::system::error_code error;
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), error);
    return !error;
  }
  // The same bytes over and over, as many as there is room for now; returns how many.
  std::size_t write_some(const Bytes& pattern) {
    Bytes bytes;
    while (bytes.size() < 64u << 10) bytes.insert(bytes.end(), pattern.begin(), pattern.end());
    const std::size_t begun = repeated_ % pattern.size();
    socket_.non_blocking(true);
    boost::system::error_code error;
    const std::size_t written =
        socket_.write_some(boost::asio::buffer(bytes.data() + begun, bytes.size() - begun), error);
    repeated_ += written;
    return written;
  }
  // The handshake without keys: each side has to hear the other's before it may go on.
  bool ready() {
    const std::string command = std::string("\x05READY\x0bSocket-Type\0\0\0\x06", 22) + "DEALER";
    Bytes frame{4, static_cast<std::uint8_t>(command.size())};
    frame.insert(frame.end(), command.begin(), command.end());
    if (!write(frame)) return false;
    std::array<std::uint8_t, 64 + 2> greeting{};
    boost::asio::read(socket_, boost::asio::buffer(greeting));
    Bytes theirs(greeting.back());
    boost::asio::read(socket_, boost::asio::buffer(theirs));
    return true;
  }
  // The beginning of a frame of so many bytes; flags: 1: more follow, 2: a long one, 4: a command.
  bool begin(std::uint8_t flags, std::uint32_t bytes) {
    const Bytes header{flags,
                       0,
                       0,
                       0,
                       0,
                       static_cast<std::uint8_t>(bytes >> 24),
                       static_cast<std::uint8_t>(bytes >> 16),
                       static_cast<std::uint8_t>(bytes >> 8),
                       static_cast<std::uint8_t>(bytes)};
    return write(header);
  }

 private:
  std::size_t repeated_ = 0;
  boost::asio::ip::tcp::socket socket_;
};

// No key is needed for this: it would be memory for whoever connects.
TEST_F(HostilePeer, AHandshakeOfMegabytesEndsTheConnection) {
  RouterSocket::Options options;
  options.curve = CurveServer{KeyPair::generate(), [](ByteView) { return true; }};
  open("tcp://127.0.0.1:*", options);
  RawPeer peer(loop.io, *router->bound_address().port, "CURVE");
  ASSERT_TRUE(peer.begin(2 | 4, kMaxMessageBytes));
  const Bytes piece(64 << 10);
  std::size_t sent = 0;
  while (sent < 15u << 20 && peer.write(piece)) {
    sent += piece.size();
    loop.turn(5ms);
  }
  EXPECT_LT(sent, 15u << 20);
  EXPECT_TRUE(loop.until([&] { return router->connections() == 0; }));
}

TEST_F(HostilePeer, AMessageThatNeverEndsEndsTheConnection) {
  open();
  RawPeer peer(loop.io, *router->bound_address().port, "NULL");
  ASSERT_TRUE(peer.ready());
  constexpr std::uint32_t kPart = 1 << 20;
  const Bytes part(kPart);
  std::size_t sent = 0;
  while (sent < 1u << 30 && peer.begin(1 | 2, kPart) && peer.write(part)) sent += kPart;
  EXPECT_GT(sent, 32u << 20) << "as much as messages that wait may have";
  EXPECT_LT(sent, 1u << 30);
  EXPECT_TRUE(loop.until([&] { return router->connections() == 0; }));
  expect_service();
}

// A frame of nothing costs its sender two bytes.
TEST_F(HostilePeer, AMessageOfEmptyFramesWithoutEndEndsTheConnection) {
  const auto resident = [] {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t all = 0, pages = 0;
    statm >> all >> pages;
    return pages * 4096;
  };
  for (const bool have_a_byte : {false, true}) {
    open();
    const std::uint64_t before = resident();
    std::uint64_t most = before;
    std::vector<std::unique_ptr<RawPeer>> peers;
    for (int i = 0; i < 3; ++i) {
      peers.push_back(std::make_unique<RawPeer>(loop.io, *router->bound_address().port, "NULL"));
      ASSERT_TRUE(peers.back()->ready());
    }
    const Bytes one = have_a_byte ? Bytes{1, 1, 7} : Bytes{1, 0};
    std::uint64_t sent = 0;
    while (router->connections() > 0 && sent < std::uint64_t{4} << 30)
      for (const auto& peer : peers) {
        sent += peer->write_some(one);
        most = std::max(most, resident());
      }
    EXPECT_LT(most - before, std::uint64_t{1} << 30);
    EXPECT_TRUE(loop.until([&] { return router->connections() == 0; }));
    expect_service();
  }
}

TEST_F(HostilePeer, WhoNeverReadsIsKeptLittleForAndThenDisconnected) {
  RouterSocket::Options options;
  options.budget.patience = 1s;
  std::size_t asked = 0;
  router.emplace(loop.io, Address::parse("tcp://127.0.0.1:*"), options, [&](const Message& message) {
    ++asked;
    router->send({message.client, BlobChunk{Digest{}, 0, 1, Bytes(512 << 10)}});
  });
  RawPeer peer(loop.io, *router->bound_address().port, "NULL");
  ASSERT_TRUE(peer.ready());
  const Frames frames = encode_frames({client("greedy"), WantBlob{}});
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    peer.begin(1 | 2, frames.preamble.size());
    peer.write(frames.preamble);
    peer.begin(2, static_cast<std::uint32_t>(frames.body.size()));
    if (!peer.write(frames.body)) break;
    most = std::max(most, router->waiting_bytes());
    if (i % 50 == 0) loop.turn(1ms);
  }
  ASSERT_TRUE(loop.until([&] { return asked >= 100; }));
  most = std::max(most, router->waiting_bytes());
  EXPECT_LE(most, options.budget.of_peer);
  EXPECT_GT(router->traffic().dropped_sending, 50u);
  EXPECT_TRUE(loop.until([&] { return router->connections() == 0; }));
  EXPECT_TRUE(loop.until([&] { return router->waiting_bytes() == 0; }));
}

TEST_F(HostilePeer, WhoeverBreaksOffTheHandshakeIsTriedMoreAndMoreRarely) {
  using boost::asio::ip::tcp;
  tcp::acceptor acceptor(loop.io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  int connections = 0;
  std::function<void()> accept = [&] {
    acceptor.async_accept([&](const boost::system::error_code& error, const tcp::socket& /*closed at once*/) {
      if (error) return;
      ++connections;
      accept();
    });
  };
  accept();
  std::vector<std::string> refusals;
  DealerSocket dealer(loop.io, Address::parse("tcp://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())),
                      {},
                      {.on_message = [](const Message&) {},
                       .on_refused = [&](const std::string& sentence) { refusals.push_back(sentence); }});
  loop.turn(4s);
  EXPECT_GE(connections, 2);
  EXPECT_LE(connections, 12) << "0.1, 0.2, 0.4, 0.8 and 1.6 s, and those that find out why";
  ASSERT_FALSE(refusals.empty());
  EXPECT_NE(refusals[0].find("is no aggregator"), std::string::npos) << refusals[0];
}

// ZeroMQ gives up on an aggregator that has sent too large a frame; we do not.
TEST_F(HostilePeer, ReconnectsAfterAnOversizeFrame) {
  zmq::context_t context;
  zmq::socket_t aggregator(context, zmq::socket_type::router);
  aggregator.set(zmq::sockopt::linger, 0);
  aggregator.bind("tcp://127.0.0.1:*");
  DealerSocket dealer(loop.io, Address::parse(aggregator.get(zmq::sockopt::last_endpoint)), {},
                      {.on_message = [](const Message&) {}});
  std::array<zmq::message_t, 3> request;
  const auto heard = [&] {
    dealer.send({client("a"), Heartbeat{}});
    return loop.until([&] { return receive(aggregator, request) == 3; }, 100ms);
  };
  ASSERT_TRUE(loop.until(heard));
  const Bytes first(view(request[0]).begin(), view(request[0]).end());
  std::array<zmq::message_t, 2> oversize = {part_of(first), part_of(Bytes(kMaxMessageBytes + (1 << 20)))};
  ASSERT_EQ(send(aggregator, oversize), SendResult::sent);
  const auto heard_on_another_connection = [&] { return heard() && text_of(view(request[0])) != text_of(first); };
  EXPECT_TRUE(loop.until(heard_on_another_connection));
}

}  // namespace
}  // namespace outrider::protocol
