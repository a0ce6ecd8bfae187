// A fleet whose aggregator and clients have network namespaces of their own: what they learn arrives over an encrypted
// connection, and whoever is killed comes back.
#include <gmock/gmock.h>

#include "simulations/fleet/fleet.h"
#include "tests/daemons.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using simulations::LinkQuality;

void learn_in_namespaces(const std::vector<LinkQuality>& links) {
  Site site;
  simulations::Fleet fleet({.program = OUTRIDER_PROGRAM,
                            .directory = site.path("fleet"),
                            .pretrained = site.encoder(),
                            .clients = 2,
                            .links = links});
  EXPECT_THAT(fleet.address(), ::testing::MatchesRegex("tcp://10\\.0\\.0\\.1:[0-9]+#[0-9a-f]{64}")) << "encrypted";
  fleet.show_class(0, fashion(), pictures_of("sneaker", 0, 10), "sneaker");
  fleet.rendezvous(kBaseClasses + 1, 60s);
  fleet.kill_aggregator();
  fleet.kill_client(1);
  fleet.start_aggregator();
  fleet.start_client(1);
  fleet.show_class(1, fashion(), pictures_of("dress", 0, 10), "dress");
  fleet.rendezvous(kBaseClasses + 2, 60s);
  fleet.stop();
  EXPECT_EQ(pictures_known(fleet.client_state(0), "dress"), 10u);
  EXPECT_EQ(pictures_known(fleet.client_state(1), "sneaker"), 10u);
}

TEST(Namespaces, CarryAFleetOverLinksOfGivenRates) {
  if (const auto why = simulations::available_network().namespaces) GTEST_SKIP() << "NOT TESTED: " << *why;
  learn_in_namespaces({LinkQuality{}, LinkQuality{.kilobits_per_second = 20'000}});
}

TEST(Namespaces, CarryAFleetOverLossyLinks) {
  const auto support = simulations::available_network();
  if (const auto& why = support.namespaces ? support.namespaces : support.emulation)
    GTEST_SKIP() << "NOT TESTED: " << *why;
  learn_in_namespaces({LinkQuality{.loss = 0.05, .duplication = 0.05, .delay = 20ms, .jitter = 10ms},
                       LinkQuality{.loss = 0.1, .delay = 50ms, .kilobits_per_second = 20'000}});
}

}  // namespace
}  // namespace outrider::testing
