#include "protocol/probe.h"

#include <optional>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include "protocol/test_aggregator.h"

namespace outrider::protocol {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using ::testing::HasSubstr;

struct ProbeOf : Transport {
  std::string look_at(const Address& address) {
    std::optional<Finding> finding;
    const auto probe = Probe::start(loop.io, address, [&](const Finding& found) { finding = found; });
    EXPECT_TRUE(loop.until([&] { return finding.has_value(); }));
    return finding ? sentence(*finding, address) : "";
  }
  static Address address_of(const tcp::acceptor& listening) {
    return Address::parse("tcp://127.0.0.1:" + std::to_string(listening.local_endpoint().port()));
  }
  tcp::acceptor acceptor{loop.io, {boost::asio::ip::make_address("127.0.0.1"), 0}};
};

TEST_F(ProbeOf, AClosedPortSaysSo) {
  const Address address = address_of(acceptor);
  acceptor.close();
  const std::string found = look_at(address);
  EXPECT_THAT(found, HasSubstr("nothing answers at 127.0.0.1:" + std::to_string(*address.port)));
  EXPECT_THAT(found, HasSubstr("refused"));
}

TEST_F(ProbeOf, AnUnknownHostIsNamed) {
  EXPECT_THAT(look_at(Address::parse("tcp://nowhere.invalid:7700")), HasSubstr("'nowhere.invalid' is not known"));
}

TEST_F(ProbeOf, AnotherProgramIsNoAggregator) {
  const Address address = address_of(acceptor);
  tcp::socket served(loop.io);
  acceptor.async_accept(served, [&](const boost::system::error_code&) {
    boost::asio::write(served, boost::asio::buffer(std::string("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")));
    served.close();
  });
  EXPECT_THAT(look_at(address), HasSubstr("is no aggregator"));
}

TEST_F(ProbeOf, OneThatSaysNothingMayHaveStopped) {
  EXPECT_THAT(look_at(address_of(acceptor)), HasSubstr("takes connections but says nothing"));
}

TEST_F(ProbeOf, AnAggregatorIsTheRightKindButForItsKeys) {
  open();
  Address address = router->bound_address();
  EXPECT_THAT(look_at(address), HasSubstr("broke off the handshake"));
  address.key = KeyPair::generate().public_key;
  EXPECT_THAT(look_at(address), HasSubstr("without keys only"));
  RouterSocket::Options options;
  options.curve = CurveServer{KeyPair::generate(), [](ByteView) { return true; }};
  open("tcp://127.0.0.1:*", options);
  address = router->bound_address();
  EXPECT_THAT(look_at(address), HasSubstr("is the key in the address really its key?"));
  address.key.reset();
  EXPECT_THAT(look_at(address), HasSubstr("write # and its key"));
}

}  // namespace
}  // namespace outrider::protocol
