#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/test_loop.h"
#include "protocol/transport.h"

namespace outrider::protocol {
namespace {

using namespace std::chrono_literals;

struct Curve : ::testing::Test {
  Loop loop;
  KeyPair aggregator_keys = KeyPair::generate();
  KeyPair keys = KeyPair::generate();
  std::set<PublicKey> allowed = {keys.public_key};
  std::vector<Message> at_router;
  std::vector<Message> at_dealer;
  std::vector<std::string> refusals;
  RouterSocket router{loop.io, Address::parse("tcp://127.0.0.1:*"), router_options(), [this](const Message& message) {
                        at_router.push_back(message);
                        router.send({message.client, Goodbye{}});
                      }};

  RouterSocket::Options router_options() {
    RouterSocket::Options options;
    options.curve = {aggregator_keys, [this](ByteView key) {
                       PublicKey copy;
                       EXPECT_EQ(key.size(), copy.size());
                       std::copy(key.begin(), key.end(), copy.begin());
                       return allowed.contains(copy);
                     }};
    return options;
  }
  DealerSocket dealer(const Address& address, std::optional<KeyPair> own) {
    return DealerSocket(loop.io, address, {.socket = {}, .keys = own},
                        {.on_message = [this](Message message) { at_dealer.push_back(std::move(message)); },
                         .on_unsupported = {},
                         .on_refused = [this](const std::string& sentence) { refusals.push_back(sentence); }});
  }
};

TEST_F(Curve, BoundAddressCarriesTheKey) {
  EXPECT_EQ(router.bound_address().key, aggregator_keys.public_key);
  EXPECT_EQ(Address::parse(router.bound_address().text()), router.bound_address());
}

TEST_F(Curve, AllowedKeyTalks) {
  DealerSocket client = dealer(router.bound_address(), keys);
  client.send({keys.client_id(), Hello{"camera 7"}});
  ASSERT_TRUE(loop.until([&] { return !at_dealer.empty(); }));
  EXPECT_EQ(at_router[0].client, keys.client_id());
  EXPECT_TRUE(refusals.empty());
}

TEST_F(Curve, UnknownKeyIsRefusedAndToldSo) {
  const KeyPair unknown = KeyPair::generate();
  DealerSocket stranger = dealer(router.bound_address(), unknown);
  stranger.send({unknown.client_id(), Hello{}});
  ASSERT_TRUE(loop.until([&] { return !refusals.empty(); }));
  EXPECT_NE(refusals[0].find("does not allow this client's key"), std::string::npos) << refusals[0];
  EXPECT_TRUE(at_router.empty());

  DealerSocket client = dealer(router.bound_address(), keys);
  client.send({keys.client_id(), Hello{}});
  EXPECT_TRUE(loop.until([&] { return at_dealer.size() == 1; }));
}

// ZeroMQ gives up on an aggregator that has refused the key; we do not.
TEST_F(Curve, KeyAllowedLaterGetsIn) {
  const KeyPair late = KeyPair::generate();
  DealerSocket client = dealer(router.bound_address(), late);
  ASSERT_TRUE(loop.until([&] { return refusals.size() == 3; }));
  allowed.insert(late.public_key);
  const auto hears = [&] {
    client.send({late.client_id(), Hello{}});
    return loop.until([&] { return !at_dealer.empty(); }, 100ms);
  };
  EXPECT_TRUE(loop.until(hears));
}

TEST_F(Curve, NobodySpeaksForAnother) {
  const KeyPair other = KeyPair::generate();
  allowed.insert(other.public_key);
  DealerSocket client = dealer(router.bound_address(), keys);
  client.send({other.client_id(), Hello{}});
  ASSERT_TRUE(loop.until([&] { return router.traffic().dropped_receiving == 1; }));
  EXPECT_TRUE(at_router.empty());
  EXPECT_FALSE(router.send({other.client_id(), Goodbye{}}));
  client.send({keys.client_id(), Hello{}});
  EXPECT_TRUE(loop.until([&] { return at_dealer.size() == 1; }));
}

TEST_F(Curve, RevocationTakesEffectOnAnOpenConnection) {
  DealerSocket client = dealer(router.bound_address(), keys);
  client.send({keys.client_id(), Hello{}});
  ASSERT_TRUE(loop.until([&] { return at_dealer.size() == 1; }));
  allowed.clear();
  client.send({keys.client_id(), Heartbeat{}});
  ASSERT_TRUE(loop.until([&] { return router.traffic().dropped_receiving == 1; }));
  EXPECT_EQ(at_router.size(), 1u);
}

TEST_F(Curve, WrongAggregatorKeyMeetsNobody) {
  Address wrong = router.bound_address();
  wrong.key = KeyPair::generate().public_key;
  DealerSocket client = dealer(wrong, keys);
  client.send({keys.client_id(), Hello{}});
  ASSERT_TRUE(loop.until([&] { return !refusals.empty(); }));
  EXPECT_NE(refusals[0].find("is the key in the address really its key?"), std::string::npos) << refusals[0];
  EXPECT_TRUE(at_router.empty());
}

TEST_F(Curve, PlainPeerMeetsNobody) {
  Address plain = router.bound_address();
  plain.key.reset();
  DealerSocket client = dealer(plain, std::nullopt);
  client.send({keys.client_id(), Hello{}});
  loop.turn(300ms);
  EXPECT_TRUE(at_router.empty());
  EXPECT_TRUE(at_dealer.empty());
}

}  // namespace
}  // namespace outrider::protocol
