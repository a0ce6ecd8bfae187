#include "protocol/transport.h"

#include <csignal>

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/time.h>

#include "knowledge/error.h"
#include "protocol/limits.h"
#include "protocol/test_aggregator.h"

namespace outrider::protocol {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

bool has_ipv6() {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor(io);
  boost::system::error_code error;
  acceptor.open(boost::asio::ip::tcp::v6(), error);
  if (!error) acceptor.bind({boost::asio::ip::address_v6::loopback(), 0}, error);
  return !error;
}

TEST_F(Transport, RoundTrip) {
  open();
  std::vector<Message> at_dealer;
  DealerSocket dealer(loop.io, router->bound_address(), {},
                      {.on_message = [&](Message message) { at_dealer.push_back(std::move(message)); }});
  ASSERT_TRUE(dealer.send({client("a"), Hello{"camera 7", Revision{4}}}));
  ASSERT_TRUE(loop.until([&] { return !at_dealer.empty(); }));
  ASSERT_EQ(at_router.size(), 1u);
  EXPECT_EQ(at_router[0].client, client("a"));
  EXPECT_EQ(std::get<Hello>(at_router[0].body).name, "camera 7");
  EXPECT_EQ(std::get<Want>(at_dealer[0].body).since, Revision{1});
  EXPECT_EQ(router->traffic().messages_received, 1u);
  EXPECT_EQ(router->traffic().messages_sent, 1u);
  EXPECT_GT(router->traffic().bytes_received, 8u);
  EXPECT_EQ(router->traffic().bytes_received, dealer.traffic().bytes_sent);
  EXPECT_EQ(router->traffic().bytes_sent, dealer.traffic().bytes_received);
  EXPECT_EQ(router->traffic().dropped_receiving + router->traffic().dropped_sending, 0u);
}

// The file descriptor is edge-triggered: one edge overlooked and this stands still.
TEST_F(Transport, NoneOfManyIsOverlooked) {
  constexpr std::uint32_t kMessages = 5000;
  RouterSocket::Options options;
  options.socket.queue = kMessages;
  open("tcp://127.0.0.1:*", options);
  std::uint32_t answers = 0;
  DealerSocket dealer(loop.io, router->bound_address(), {.socket = options.socket, .keys = {}},
                      {.on_message = [&](Message message) {
                        ++answers;
                        EXPECT_EQ(std::get<Want>(message.body).since, Revision{answers});
                      }});
  for (std::uint32_t i = 0; i < kMessages; ++i) ASSERT_TRUE(dealer.send({client("a"), Heartbeat{{}, i}}));
  ASSERT_TRUE(loop.until([&] { return answers == kMessages; }));
  for (std::uint32_t i = 0; i < kMessages; ++i) ASSERT_EQ(std::get<Heartbeat>(at_router[i].body).outbox, i);
}

// One message at a time, each sent from within the handler of the last.
TEST_F(Transport, PingPongFromWithinHandlers) {
  open();
  int answers = 0;
  std::optional<DealerSocket> dealer;
  dealer.emplace(loop.io, router->bound_address(), DealerSocket::Options{}, DealerSocket::Handlers{[&](const Message&) {
                   if (++answers < 1000) dealer->send({client("a"), Heartbeat{}});
                 }});
  dealer->send({client("a"), Heartbeat{}});
  EXPECT_TRUE(loop.until([&] { return answers == 1000; }));
}

// SIGALRM with a handler that does nothing, about every 50 microseconds.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction ignore {};
    ignore.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &ignore, &before_);
    arm(50);
  }
  ~Interruptions() {
    arm(0);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  static void arm(suseconds_t period) {
    const itimerval timer{{0, period}, {0, period}};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
  }

  struct sigaction before_ {};
};

// A daemon that is asked to stop, or is traced, must not die of the signal itself.
TEST_F(Transport, SignalsInterruptNothing) {
  const Interruptions interruptions;
  open();
  int answers = 0;
  std::optional<DealerSocket> dealer;
  dealer.emplace(loop.io, router->bound_address(), DealerSocket::Options{}, DealerSocket::Handlers{[&](const Message&) {
                   if (++answers < 5000) dealer->send({client("a"), Heartbeat{}});
                 }});
  dealer->send({client("a"), Heartbeat{}});
  EXPECT_TRUE(loop.until([&] { return answers == 5000; }));
}

TEST_F(Transport, AnswersGoToTheClientThatAsked) {
  open();
  int wrong = 0;
  int right = 0;
  std::vector<std::unique_ptr<DealerSocket>> dealers;
  for (const char* name : {"a", "b", "c"}) {
    dealers.push_back(std::make_unique<DealerSocket>(
        loop.io, router->bound_address(), DealerSocket::Options{},
        DealerSocket::Handlers{[&, name](const Message& m) { ++(m.client == client(name) ? right : wrong); }}));
    for (int i = 0; i < 5; ++i) dealers.back()->send({client(name), Heartbeat{}});
  }
  EXPECT_TRUE(loop.until([&] { return right == 15; }));
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(router->routes(), 3u);
}

TEST_F(Transport, LargeMessagesPass) {
  open();
  DealerSocket dealer(loop.io, router->bound_address(), {}, {.on_message = [](const Message&) {}});
  const Bytes content(kMaxMessageBytes - 1024, 7);
  ASSERT_TRUE(dealer.send({client("a"), BlobChunk{{}, 0, 1, content}}));
  ASSERT_TRUE(loop.until([&] { return !at_router.empty(); }));
  EXPECT_EQ(std::get<BlobChunk>(at_router[0].body).content, content);
  EXPECT_FALSE(dealer.send({client("a"), BlobChunk{{}, 0, 1, Bytes(kMaxMessageBytes)}}));
  EXPECT_EQ(dealer.traffic().dropped_sending, 1u);
}

TEST_F(Transport, UnreachableClients) {
  open();
  EXPECT_FALSE(router->send({client("never heard of"), Goodbye{}}));
  expect_service("a");  // its socket is gone afterwards
  std::uint64_t dropped = 1;
  // While the connection is being taken down, ZeroMQ calls its queue full.
  EXPECT_TRUE(loop.until([&] {
    if (!router->send({client("a"), Goodbye{}})) ++dropped;
    return router->routes() == 0;
  }));
  EXPECT_EQ(router->traffic().dropped_sending, dropped);
}

TEST_F(Transport, RememberedClientsAreBounded) {
  RouterSocket::Options options;
  options.remembered_clients = 2;
  open("tcp://127.0.0.1:*", options);
  DealerSocket dealer(loop.io, router->bound_address(), {}, {.on_message = [](const Message&) {}});
  for (const char* name : {"a", "b", "c"}) dealer.send({client(name), Heartbeat{}});
  ASSERT_TRUE(loop.until([&] { return at_router.size() == 3; }));
  EXPECT_EQ(router->routes(), 2u);
  EXPECT_FALSE(router->send({client("a"), Goodbye{}}));
  EXPECT_TRUE(router->send({client("c"), Goodbye{}}));
}

TEST_F(Transport, FullQueueDropsAndSaysSo) {
  open();
  const Address address = router->bound_address();
  router.reset();  // nobody listens any more
  DealerSocket::Options options;
  options.socket.queue = 4;
  options.socket.linger = 0ms;
  DealerSocket dealer(loop.io, address, options, {.on_message = [](const Message&) {}});
  int sent = 0;
  while (dealer.send({client("a"), Goodbye{}}) && sent < 100) ++sent;
  EXPECT_EQ(sent, 4);
  EXPECT_EQ(dealer.traffic().messages_sent, 4u);
  EXPECT_EQ(dealer.traffic().dropped_sending, 1u);
}

TEST_F(Transport, ReconnectsWhenTheAggregatorReturns) {
  open();
  const Address address = router->bound_address();
  int answers = 0;
  DealerSocket dealer(loop.io, address, {}, {.on_message = [&](const Message&) { ++answers; }});
  dealer.send({client("a"), Heartbeat{}});
  ASSERT_TRUE(loop.until([&] { return answers == 1; }));
  router.reset();
  loop.turn(50ms);
  dealer.send({client("a"), Heartbeat{}});  // waits in the queue
  loop.turn(50ms);
  open(address.endpoint());
  ASSERT_TRUE(loop.until([&] { return answers == 2; }));
  dealer.send({client("a"), Heartbeat{}});
  EXPECT_TRUE(loop.until([&] { return answers == 3; }));
}

// What the handler throws goes to whoever runs the loop; it is not taken for the peer's fault.
TEST_F(Transport, HandlersMayThrow) {
  RouterSocket throwing(loop.io, Address::parse("tcp://127.0.0.1:*"), {},
                        [](const Message&) { throw InputError("from the handler"); });
  DealerSocket dealer(loop.io, throwing.bound_address(), {}, {.on_message = [](const Message&) {}});
  dealer.send({client("a"), Goodbye{}});
  EXPECT_THAT([&] { loop.until([] { return false; }, 2s); }, ThrowsMessage<InputError>(HasSubstr("from the handler")));
  EXPECT_EQ(throwing.traffic().dropped_receiving, 0u);
  dealer.send({client("a"), Goodbye{}});
  EXPECT_THROW(loop.until([] { return false; }, 2s), InputError) << "it still receives";
}

TEST_F(Transport, IPv6) {
  try {
    open("tcp://[::1]:*");
  } catch (const InputError& error) {
    GTEST_SKIP() << "needs IPv6: " << error.what();
  }
  expect_service();
}

TEST_F(Transport, ListensOnANamesAddresses) {
  open("tcp://localhost:*");
  EXPECT_EQ(router->bound_address().host, "localhost");
  expect_service();
}

TEST_F(Transport, AWildcardMeansIPv4AndIPv6) {
  const KeyPair keys = KeyPair::generate();
  RouterSocket::Options options;
  options.curve = CurveServer{keys, [](ByteView) { return true; }};
  open("tcp://*:*", options);
  Address address = router->bound_address();
  std::size_t served = 0;
  for (const char* host : {"127.0.0.1", "localhost", "[::1]"}) {
    if (std::string(host) == "[::1]" && !has_ipv6()) continue;
    address.host = host;
    const KeyPair own = KeyPair::generate();
    DealerSocket dealer(loop.io, address, {.socket = {}, .keys = own}, {.on_message = [](const Message&) {}});
    dealer.send({own.client_id(), Heartbeat{}});
    ++served;
    EXPECT_TRUE(loop.until([&] { return at_router.size() == served; })) << host;
  }
}

TEST_F(Transport, ANameThatNobodyKnowsIsNamed) {
  EXPECT_THAT([&] { open("tcp://nowhere.invalid:7777"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("nowhere.invalid"), HasSubstr("needs encryption"))));
  RouterSocket::Options options;
  options.curve = CurveServer{KeyPair::generate(), [](ByteView) { return true; }};
  EXPECT_THAT([&] { open("tcp://nowhere.invalid:7777", options); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("nowhere.invalid"), HasSubstr("is not known"))));
}

TEST_F(Transport, AddressInUseIsNamed) {
  open();
  const Address address = router->bound_address();
  EXPECT_THAT([&] { RouterSocket(loop.io, address, {}, [](const Message&) {}); },
              ThrowsMessage<InputError>(AllOf(HasSubstr(address.endpoint()), HasSubstr("in use"))));
}

TEST_F(Transport, UnusableAddressesAreExplained) {
  const auto listening = [&](const char* text) {
    return [this, text] { RouterSocket(loop.io, Address::parse(text), {}, [](const Message&) {}); };
  };
  const auto connecting = [&](const std::string& text) {
    return [this, text] { DealerSocket(loop.io, Address::parse(text), {}, {.on_message = [](const Message&) {}}); };
  };
  EXPECT_THAT(listening("tcp://*:7777"), ThrowsMessage<InputError>(HasSubstr("needs encryption")));
  EXPECT_THAT(listening("tcp://0.0.0.0:7777"), ThrowsMessage<InputError>(HasSubstr("needs encryption")));
  const std::string key = "#" + to_hex(KeyPair::generate().public_key);
  EXPECT_THAT(listening(("tcp://127.0.0.1:*" + key).c_str()), ThrowsMessage<InputError>(HasSubstr("takes no key")));
  EXPECT_THAT(connecting("tcp://10.0.0.1:7777"), ThrowsMessage<InputError>(HasSubstr("needs encryption")));
  EXPECT_THAT(connecting("tcp://127.0.0.1:*"), ThrowsMessage<InputError>(HasSubstr("needs a port number")));
  EXPECT_THAT(connecting("tcp://10.0.0.1:7777" + key), ThrowsMessage<InputError>(HasSubstr("needs a key pair")));
  EXPECT_THAT(connecting("tcp://*:7777" + key), ThrowsMessage<InputError>(HasSubstr("needs a host")));
}

}  // namespace
}  // namespace outrider::protocol
