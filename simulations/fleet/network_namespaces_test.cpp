#include "simulations/fleet/network_namespaces.h"

#include <cstring>
#include <iostream>
#include <set>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(LinkQuality, IsAQueueingDisciplineOfTheKernel) {
  EXPECT_EQ(LinkQuality{}.queueing(), "");
  EXPECT_EQ((LinkQuality{.kilobits_per_second = 2000}.queueing()), "tbf rate 2000000bit burst 4000 latency 2s");
  EXPECT_EQ((LinkQuality{.loss = 0.01}.queueing()), "netem limit 100000 loss 1.000000%");
  EXPECT_EQ((LinkQuality{.loss = 0.001, .duplication = 0.02, .delay = 50ms, .jitter = 10ms, .kilobits_per_second = 64}
                 .queueing()),
            "netem limit 100000 delay 50000us 10000us loss 0.100000% duplicate 2.000000% rate 64000bit");
}

TEST(LinkQuality, IsRefusedOutOfItsRange) {
  const auto objection = [](const LinkQuality& link) { return objection_of([&] { link.check(); }).value_or(""); };
  EXPECT_EQ(objection({}), "");
  EXPECT_THAT(objection({.loss = 1}), HasSubstr("loss must be from 0 to below 1"));
  EXPECT_THAT(objection({.duplication = -0.1}), HasSubstr("duplication"));
  EXPECT_THAT(objection({.delay = 2min}), HasSubstr("delay"));
  EXPECT_THAT(objection({.delay = 1ms, .jitter = 2ms}), HasSubstr("jitter must be from 0 to its delay"));
  EXPECT_THAT(objection({.kilobits_per_second = 0.5}), HasSubstr("rate"));
}

// A TCP socket of a node.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

sockaddr_in place_at(const std::string& address) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(7700);
  ::inet_pton(AF_INET, address.c_str(), &place.sin_addr);
  return place;
}

class Namespaces : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = available_network().namespaces) GTEST_SKIP() << "NOT TESTED: " << *why;
  }

  // Sends as many bytes from node 1 to node 0; returns how long it takes.
  static std::chrono::duration<double> send(const NetworkNamespaces& network, std::size_t bytes) {
    std::optional<Socket> server, client;
    const sockaddr_in place = place_at(NetworkNamespaces::address(0));
    network.node(0).call_inside([&] { server.emplace(::socket(AF_INET, SOCK_STREAM, 0)); });
    network.node(1).call_inside([&] { client.emplace(::socket(AF_INET, SOCK_STREAM, 0)); });
    // A socket stays where it was made.
    EXPECT_EQ(::bind(server->get(), reinterpret_cast<const sockaddr*>(&place), sizeof(place)), 0);
    EXPECT_EQ(::listen(server->get(), 1), 0);
    EXPECT_EQ(::connect(client->get(), reinterpret_cast<const sockaddr*>(&place), sizeof(place)), 0)
        << std::strerror(errno);
    const Socket peer(::accept(server->get(), nullptr, nullptr));
    const auto start = std::chrono::steady_clock::now();
    const std::vector<char> sent(1000, 'x');
    std::vector<char> received(1000);
    for (std::size_t done = 0; done < bytes; done += sent.size()) {
      if (::send(client->get(), sent.data(), sent.size(), 0) != 1000) ADD_FAILURE() << std::strerror(errno);
      if (::recv(peer.get(), received.data(), received.size(), MSG_WAITALL) != 1000) ADD_FAILURE();
    }
    return std::chrono::steady_clock::now() - start;
  }
};

std::set<std::string> devices() {
  std::set<std::string> names;
  struct if_nameindex* all = ::if_nameindex();
  for (struct if_nameindex* entry = all; entry->if_index != 0; ++entry) names.insert(entry->if_name);
  ::if_freenameindex(all);
  return names;
}

TEST_F(Namespaces, ReachEachOtherAndNothingElse) {
  const auto before = devices();
  const NetworkNamespaces network({LinkQuality{}, LinkQuality{}, LinkQuality{}});
  EXPECT_EQ(network.size(), 3u);
  EXPECT_EQ(devices(), before) << "the machine's own network is left alone";
  network.node(2).call_inside([] { EXPECT_THAT(devices(), testing::UnorderedElementsAre("lo", "eth0")); });
  EXPECT_LT(send(network, 100'000), 5s);
}

TEST_F(Namespaces, KeepToTheRateOfALink) {
  const NetworkNamespaces network({LinkQuality{}, LinkQuality{.kilobits_per_second = 2000}});
  EXPECT_GT(send(network, 80'000), 200ms) << "80 kB at 250 kB/s";
}

TEST(NamespaceAddress, CountsByteByByte) {
  EXPECT_EQ(NetworkNamespaces::address(0), "10.0.0.1");
  EXPECT_EQ(NetworkNamespaces::address(254), "10.0.0.255");
  EXPECT_EQ(NetworkNamespaces::address(255), "10.0.1.0");
}

TEST_F(Namespaces, LetThroughWhatIsThrownInside) {
  const NetworkNamespace alone;
  EXPECT_THROW(alone.call_inside([] { throw InputError("inside"); }), InputError);
}

TEST_F(Namespaces, DelayWhatIsSent) {
  const LinkQuality slow{.delay = 30ms, .jitter = 5ms};
  if (const auto why = available_network().emulation) {
    EXPECT_THAT(objection_of([&] { NetworkNamespaces({slow}); }).value_or(""), HasSubstr("cannot be set up: tc says"));
    GTEST_SKIP() << "NOT TESTED: " << *why;
  }
  EXPECT_GT(send(NetworkNamespaces({LinkQuality{}, slow}), 5'000), 100ms) << "one way each";
}

}  // namespace
}  // namespace outrider::simulations
