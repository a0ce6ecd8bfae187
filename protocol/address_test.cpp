#include "protocol/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider::protocol {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Address, HostAndPort) {
  const Address address = Address::parse("tcp://aggregator.example-1.org:7777");
  EXPECT_EQ(address.host, "aggregator.example-1.org");
  EXPECT_EQ(address.port, 7777);
  EXPECT_FALSE(address.key);
  EXPECT_EQ(address.endpoint(), "tcp://aggregator.example-1.org:7777");
}

TEST(Address, Key) {
  const KeyPair pair = KeyPair::generate();
  const std::string text = "tcp://[fe80::1]:65535#" + to_hex(pair.public_key);
  const Address address = Address::parse(text);
  EXPECT_EQ(address.key, pair.public_key);
  EXPECT_TRUE(address.ipv6());
  EXPECT_EQ(address.endpoint(), "tcp://[fe80::1]:65535");
  EXPECT_EQ(address.text(), text);
  EXPECT_EQ(Address::parse(address.text()), address);
}

TEST(Address, Wildcards) {
  const Address address = Address::parse("tcp://*:*");
  EXPECT_EQ(address.host, "*");
  EXPECT_FALSE(address.port);
  EXPECT_EQ(address.endpoint(), "tcp://*:*");
}

TEST(Address, Loopback) {
  for (const char* text : {"tcp://127.0.0.1:1", "tcp://127.9.8.7:1", "tcp://[::1]:1", "tcp://localhost:1"})
    EXPECT_TRUE(Address::parse(text).loopback()) << text;
  for (const char* text : {"tcp://*:1", "tcp://0.0.0.0:1", "tcp://[::]:1", "tcp://10.0.0.1:1", "tcp://128.0.0.1:1",
                           "tcp://127.0.0.1.example.org:1", "tcp://localhost.example.org:1"})
    EXPECT_FALSE(Address::parse(text).loopback()) << text;
}

TEST(Address, ErrorsNameTheAddressAndTheFault) {
  const auto expect = [](const std::string& text, const char* fault) {
    EXPECT_THAT([&] { Address::parse(text); },
                ThrowsMessage<InputError>(AllOf(HasSubstr('"' + text + '"'), HasSubstr(fault))));
  };
  expect("", "does not start with tcp://");
  expect("127.0.0.1:7777", "does not start with tcp://");
  expect("udp://127.0.0.1:7777", "does not start with tcp://");
  expect("tcp://", "the port is missing");
  expect("tcp://host", "the port is missing");
  expect("tcp://[::1]", "the port is missing");
  expect("tcp://:7777", "the host is missing");
  expect("tcp://::1:7777", "stands in brackets");
  expect("tcp://[::1:7777", "do not hold an IPv6 address");
  expect("tcp://[host]:7777", "do not hold an IPv6 address");
  expect("tcp://a b:7777", "a character that no host name has");
  expect("tcp://user@host:7777", "a character that no host name has");
  for (const char* port : {"", "0", "65536", "-1", "80x", "http", "1*"})
    expect("tcp://host:" + std::string(port), "from 1 to 65535");
  expect("tcp://host:1#", "64 hexadecimal digits");
  expect("tcp://host:1#abcd", "64 hexadecimal digits");
  expect("tcp://host:1#" + std::string(64, 'x'), "64 hexadecimal digits");
}

TEST(KeyPair, IsNewEachTimeAndFollowsFromItsSecret) {
  const KeyPair one = KeyPair::generate();
  const KeyPair other = KeyPair::generate();
  EXPECT_NE(one.public_key, other.public_key);
  EXPECT_NE(one.secret_key, other.secret_key);
  EXPECT_EQ(KeyPair::from_secret_key(one.secret_key).public_key, one.public_key);
  EXPECT_EQ(one.client_id(), ClientId::from_public_key(one.public_key));
  EXPECT_THROW(KeyPair::from_secret_key(bytes_of("short")), InputError);
}

}  // namespace
}  // namespace outrider::protocol
