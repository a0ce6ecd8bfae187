#include "protocol/send_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::protocol {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr SendBudget::Limits kLimits{.of_peer = 1000, .of_all = 4000, .of_small = 100, .small = 10, .patience = 20s};
constexpr std::chrono::steady_clock::time_point kStart{};

SendBudget::Progress idle(int /*descriptor*/) {
  return {};
}

TEST(SendBudget, OnePeerHasUpToItsShareOrASingleMessage) {
  SendBudget budget(kLimits, false);
  std::optional<SendBudget::Ticket> first = budget.take("a", 1, 600);
  ASSERT_TRUE(first);
  EXPECT_TRUE(budget.take("a", 1, 400)) << "at the bound";
  EXPECT_FALSE(budget.take("a", 1, 401)) << "above it";
  EXPECT_TRUE(budget.take("b", 2, 3000)) << "a single one may be larger";
  EXPECT_EQ(budget.waiting(), 600u) << "what was not kept was given back";
  first.reset();
  EXPECT_EQ(budget.waiting(), 0u);
}

TEST(SendBudget, AllTogetherAreBoundedAndWhatIsSmallStillFits) {
  SendBudget budget(kLimits, false);
  std::vector<SendBudget::Ticket> kept;
  for (int peer = 0; peer < 1000; ++peer)
    for (int message = 0; message < 100; ++message)
      if (auto ticket = budget.take(std::to_string(peer), peer, 200)) kept.push_back(std::move(*ticket));
  EXPECT_LE(budget.waiting(), 4000u);
  EXPECT_GT(kept.size(), 10u);
  EXPECT_TRUE(budget.take("newcomer", 2000, 10));
  EXPECT_FALSE(budget.take("newcomer", 2000, 500));
  std::vector<SendBudget::Ticket> small;
  for (int peer = 0; peer < 1000; ++peer)
    if (auto ticket = budget.take("small " + std::to_string(peer), peer, 10)) small.push_back(std::move(*ticket));
  EXPECT_LE(budget.waiting(), 4100u);
}

TEST(SendBudget, FewPeersLeaveRoomForOthers) {
  SendBudget budget(kLimits, false);
  std::vector<SendBudget::Ticket> kept;
  for (int message = 0; message < 1000; ++message)
    for (const char* peer : {"a", "b", "c", "d", "e"})
      if (auto ticket = budget.take(peer, 1, 100)) kept.push_back(std::move(*ticket));
  EXPECT_LE(budget.waiting(), 3400u);
  EXPECT_TRUE(budget.take("newcomer", 2, 400));
}

TEST(SendBudget, WhoTakesNothingIsNamedAfterAWhile) {
  SendBudget budget(kLimits, false);
  const auto waits = budget.take("a", 7, 100);
  EXPECT_THAT(budget.stalled(kStart, idle), IsEmpty());
  EXPECT_THAT(budget.stalled(kStart + 19s, idle), IsEmpty());
  EXPECT_THAT(budget.stalled(kStart + 20s, idle), ElementsAre(7));
}

TEST(SendBudget, WhoTakesALittleStays) {
  SendBudget budget(kLimits, false);
  const auto waits = budget.take("a", 7, 100);
  for (int second = 0; second < 100; ++second)
    EXPECT_THAT(budget.stalled(kStart + std::chrono::seconds(second),
                               [&](int) {
                                 return SendBudget::Progress{static_cast<std::uint64_t>(second / 10), false};
                               }),
                IsEmpty());
}

TEST(SendBudget, AnEncryptedCopyCountsUntilItHasLeft) {
  SendBudget budget(kLimits, true);
  { const auto sent = budget.take("a", 7, 900); }
  EXPECT_EQ(budget.waiting(), 900u) << "ZeroMQ has it encrypted";
  EXPECT_FALSE(budget.take("a", 7, 200));
  budget.stalled(kStart, [](int) { return SendBudget::Progress{0, false}; });
  EXPECT_EQ(budget.waiting(), 900u);
  budget.stalled(kStart, idle);
  EXPECT_EQ(budget.waiting(), 0u);
  EXPECT_EQ(budget.peers(), 0u);
  { const auto sent = budget.take("a", 7, 900); }
  { const auto sent = budget.take("a", 7, 80); }
  EXPECT_EQ(budget.waiting(), 80u) << "the next one replaces it";
}

}  // namespace
}  // namespace outrider::protocol
