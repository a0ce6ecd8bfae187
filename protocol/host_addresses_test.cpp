#include "protocol/host_addresses.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "protocol/test_aggregator.h"

namespace outrider::protocol {
namespace {

TEST(ReachableAs, WhatIsNoWildcardIsItself) {
  const Address address = Address::parse("tcp://10.0.0.7:7700");
  EXPECT_THAT(reachable_as(address), ::testing::ElementsAre(address));
}

struct Everywhere : Transport, ::testing::WithParamInterface<const char*> {};

TEST_P(Everywhere, EachAddressLeadsToTheAggregator) {
  const KeyPair keys = KeyPair::generate();
  RouterSocket::Options options;
  options.curve = CurveServer{keys, [](ByteView) { return true; }};
  open(GetParam(), options);
  const std::vector<Address> addresses = reachable_as(router->bound_address());
  ASSERT_FALSE(addresses.empty());
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const KeyPair own = KeyPair::generate();
    DealerSocket dealer(loop.io, Address::parse(addresses[i].text()), {.socket = {}, .keys = own},
                        {.on_message = [](const Message&) {}});
    dealer.send({own.client_id(), Heartbeat{}});
    EXPECT_TRUE(loop.until([&] { return at_router.size() == i + 1; })) << addresses[i].text();
  }
  const auto own_last = std::ranges::is_partitioned(addresses, [](const Address& a) { return !a.loopback(); });
  EXPECT_TRUE(own_last) << "what others can use comes first";
}

INSTANTIATE_TEST_SUITE_P(Wildcards, Everywhere, ::testing::Values("tcp://*:*", "tcp://0.0.0.0:*", "tcp://[::]:*"));

}  // namespace
}  // namespace outrider::protocol
