#include "learners/averaging/attendance.h"

#include <gmock/gmock.h>

#include "learners/averaging/sample.h"
#include "learners/averaging/test_updates.h"

namespace outrider::averaging {
namespace {

using testing::Contains;
using testing::Not;
using testing::SizeIs;

std::vector<ClientId> clients_numbered(unsigned first, unsigned count) {
  std::vector<ClientId> clients;
  for (unsigned i = first; i < first + count; ++i) clients.push_back(shuffled_client(i));
  return clients;
}

std::set<ClientId> set_of(const std::vector<ClientId>& clients) {
  return {clients.begin(), clients.end()};
}

TEST(Attendance, WhoDoesNotAnswerIsLeftOutForTwiceAsLongEachTime) {
  const ClientId silent = shuffled_client(0);
  const auto clients = clients_numbered(0, 4);
  Attendance attendance;
  std::vector<std::uint64_t> asked;
  for (std::uint64_t round = 0; round < 40; ++round) {
    const auto admitted = attendance.admitted(clients, 2, round);
    if (!std::ranges::count(admitted, silent)) continue;
    asked.push_back(round);
    attendance.ended(round, set_of(clients), set_of(clients_numbered(1, 3)));
  }
  EXPECT_THAT(asked, testing::ElementsAre(0, 2, 6, 14, 30));
  attendance.ended(40, {silent}, {silent});
  EXPECT_FALSE(attendance.silent.contains(silent));
  EXPECT_THAT(attendance.admitted(clients, 2, 41), Contains(silent));
}

TEST(Attendance, NobodyIsLeftOutWhereTooFewWouldRemain) {
  const auto clients = clients_numbered(0, 3);
  Attendance attendance;
  attendance.ended(0, set_of(clients), {});
  EXPECT_THAT(attendance.admitted(clients, 1, 1), SizeIs(3));
}

TEST(Attendance, WithoutFailuresEverybodyIsAsLikely) {
  const auto clients = clients_numbered(0, 50);
  Attendance attendance;
  for (std::uint64_t round = 0; round < 20; ++round) {
    const auto chosen = attendance.choose(attendance.admitted(clients, 1, round), 10, 1, 7, round);
    EXPECT_EQ(chosen, sample_clients(clients, 10, 7, round));
    attendance.ended(round, set_of(chosen), set_of(chosen));
  }
}

TEST(Attendance, CautionKeepsTheReliableAndTriesFewOthers) {
  Attendance attendance;
  const auto reliable = clients_numbered(0, 8);
  const auto strangers = clients_numbered(8, 100);
  attendance.ended(0, set_of(reliable), set_of(reliable));
  attendance.ended(1, set_of(strangers), {});
  EXPECT_EQ(attendance.caution, 1U);
  std::vector<ClientId> all = reliable;
  all.insert(all.end(), strangers.begin(), strangers.end());
  const auto chosen = attendance.choose(all, 8, 2, 7, 4);
  EXPECT_EQ(std::ranges::count_if(chosen, [&](const ClientId& id) { return attendance.reliable.contains(id); }), 4);
  EXPECT_THAT(chosen, SizeIs(8));
  EXPECT_TRUE(std::ranges::is_sorted(chosen));
}

TEST(Attendance, RemembersABoundedNumber) {
  Attendance attendance;
  std::set<ClientId> many;
  for (unsigned i = 0; i < Attendance::kMostRemembered + 1; ++i) {
    ClientId id;
    id.bytes[0] = static_cast<std::uint8_t>(i);
    id.bytes[1] = static_cast<std::uint8_t>(i >> 8U);
    many.insert(id);
  }
  attendance.ended(0, many, {});
  EXPECT_THAT(attendance.silent, SizeIs(Attendance::kMostRemembered));
  attendance.ended(1, many, many);
  EXPECT_THAT(attendance.reliable, SizeIs(Attendance::kMostRemembered));
  for (int i = 0; i < 100; ++i) attendance.ended(2, many, {});
  EXPECT_EQ(attendance.caution, Attendance::kMostCaution);
}

}  // namespace
}  // namespace outrider::averaging
