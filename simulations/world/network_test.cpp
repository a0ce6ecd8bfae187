#include "simulations/world/network.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "simulations/world/availability.h"
#include "simulations/world/skewed_clock.h"

namespace outrider::simulations {
namespace {

std::vector<double> delays_of(Delay kind, std::size_t count) {
  Network network(1, {.delay = kind, .shortest = Instant{20}, .longest = Instant{1'020}});
  std::vector<double> delays;
  for (std::uint32_t i = 0; i < count; ++i)
    for (const Instant arrival : network.fate(3, Direction::to_client, i, Instant{500}))
      delays.push_back(static_cast<double>((arrival - Instant{500}).count()));
  std::ranges::sort(delays);
  return delays;
}

TEST(Network, DelaysLieWithinTheirBoundsAndHaveTheirMedian) {
  for (const Delay kind : {Delay::uniform, Delay::exponential, Delay::lognormal, Delay::pareto}) {
    const std::vector<double> delays = delays_of(kind, 20'000);
    ASSERT_EQ(delays.size(), 20'000U);
    EXPECT_GE(delays.front(), 20);
    EXPECT_LE(delays.back(), 1'020);
    EXPECT_NEAR(delays[10'000], kind == Delay::uniform ? 520 : 120, kind == Delay::uniform ? 20 : 4);
  }
}

TEST(Network, LosesAndRepeatsAsOftenAsToldTo) {
  Network network(1, {.loss = 0.2, .duplication = 0.3});
  std::size_t lost = 0;
  std::size_t twice = 0;
  constexpr std::uint32_t kMessages = 50'000;
  for (std::uint32_t i = 0; i < kMessages; ++i) {
    const std::size_t copies = network.fate(i % 7, Direction::to_aggregator, i, Instant{0}).size();
    lost += copies == 0 ? 1 : 0;
    twice += copies == 2 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(lost) / kMessages, 0.7 * 0.2 + 0.3 * 0.04, 0.006);
  EXPECT_NEAR(static_cast<double>(twice) / kMessages, 0.3 * 0.64, 0.006);
}

TEST(Network, AMessagesFateDoesNotDependOnThoseBefore) {
  const Weather weather{.loss = 0.3, .duplication = 0.3, .shortest = Instant{1}, .longest = Instant{900}};
  Network forwards(9, weather);
  Network backwards(9, weather);
  std::vector<std::vector<Instant>> fates(100);
  for (std::uint32_t i = 0; i < 100; ++i)
    for (const Instant at : forwards.fate(1, Direction::to_client, i, Instant{i})) fates[i].push_back(at);
  for (std::uint32_t i = 100; i-- > 0;) {
    std::vector<Instant> again;
    for (const Instant at : backwards.fate(1, Direction::to_client, i, Instant{i})) again.push_back(at);
    EXPECT_EQ(again, fates[i]);
  }
}

TEST(Network, APartitionCutsOffAShareOfTheClientsForItsTime) {
  Network network(4, {.partitions_per_hour = 1, .partition_length = Instant{60'000}, .partition_share = 0.5});
  std::size_t cut = 0;
  std::size_t tried = 0;
  for (std::uint32_t client = 0; client < 20; ++client)
    for (std::int64_t minute = 0; minute < 60 * 24 * 5; ++minute, ++tried)
      cut += network.fate(client, Direction::to_client, 0, Instant(minute * 60'000)).size() == 0 ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(cut) / static_cast<double>(tried), 0.5 / 60, 0.004);
}

TEST(SkewedClock, GoesTooFastAndFindsItsWayBack) {
  const SkewedClock clock(Instant{1'000}, Instant{77}, 1.25);
  EXPECT_EQ(clock.local(Instant{1'000}), Instant{77});
  EXPECT_EQ(clock.local(Instant{1'400}), Instant{577});
  for (std::int64_t wanted = 80; wanted < 3'000; wanted += 7) {
    const Instant at = clock.world(Instant(wanted), Instant{1'000});
    EXPECT_GE(clock.local(at), Instant(wanted));
    EXPECT_LT(clock.local(at - Instant{1}), Instant(wanted));
  }
  EXPECT_EQ(clock.world(Instant{5}, Instant{1'200}), Instant{1'200});
  EXPECT_EQ(clock.world(kNever, Instant{1'200}), kNever);
}

TEST(Availability, ADeviceWaitsForItsHours) {
  const Traits day{.available_from = 8, .available_until = 18};
  EXPECT_EQ(next_available(day, 7 * kHour), 8 * kHour);
  EXPECT_EQ(next_available(day, 9 * kHour), 9 * kHour);
  EXPECT_EQ(next_available(day, 18 * kHour), kDay + 8 * kHour);
  const Traits night{.available_from = 22, .available_until = 6};
  EXPECT_EQ(next_available(night, 23 * kHour), 23 * kHour);
  EXPECT_EQ(next_available(night, kDay + 5 * kHour), kDay + 5 * kHour);
  EXPECT_EQ(next_available(night, 12 * kHour), 22 * kHour);
  EXPECT_EQ(next_available(Traits{}, 3 * kHour), 3 * kHour);
}

}  // namespace
}  // namespace outrider::simulations
