// What tests of the transport share: an aggregator's end that answers everything.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/test_loop.h"
#include "protocol/transport.h"

namespace outrider::protocol {

inline ClientId client(std::string_view name) {
  return ClientId::from_public_key(bytes_of(name));
}

// An aggregator that answers every message with the revision that it counts up.
struct Transport : ::testing::Test {
  Loop loop;
  std::vector<Message> at_router;
  std::optional<RouterSocket> router;

  void open(const std::string& address = "tcp://127.0.0.1:*", RouterSocket::Options options = {}) {
    router.emplace(loop.io, Address::parse(address), std::move(options), [this](const Message& message) {
      at_router.push_back(message);
      router->send({message.client, Want{Revision{at_router.size()}}});
    });
  }

  // One message there and one back.
  void expect_service(std::string_view name = "someone else") {
    std::vector<Message> answers;
    DealerSocket dealer(loop.io, router->bound_address(), {},
                        {.on_message = [&](Message message) { answers.push_back(std::move(message)); }});
    dealer.send({client(name), Heartbeat{}});
    EXPECT_TRUE(loop.until([&] { return !answers.empty(); }));
  }
};

}  // namespace outrider::protocol
