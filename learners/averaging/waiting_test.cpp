// For whom a round waits, and whom it asks.
#include <gmock/gmock.h>

#include "knowledge/error.h"
#include "learners/averaging/test_desk.h"

namespace outrider::averaging {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr Instant kDuration{60'000};
constexpr Instant kMoment{1000};  // after which it is noticed who is there

RoundRules five_of_whom_four_will_do() {
  return {.cohort = 5, .minimum = 4, .duration = kDuration};
}

void answer(Desk& desk, const std::vector<ClientId>& clients, std::uint64_t round) {
  for (const ClientId& client : clients) EXPECT_EQ(desk.contribute(desk.update_of(client, round)), std::nullopt);
}

TEST(WaitingInRounds, WhoHasLeftIsNotWaitedFor) {
  Desk desk(small_task("fedavg"), five_of_whom_four_will_do());
  desk.come(5);
  const auto asked = desk.asked();
  answer(desk, {asked.begin() + 1, asked.end()}, 0);
  desk.wait(kMoment);
  EXPECT_EQ(desk.round().state.round, 0U) << "the fifth is there and may answer";
  desk.leave(asked[0]);
  desk.wait(kMoment);
  EXPECT_EQ(desk.round().state.round, 1U);
}

TEST(WaitingInRounds, WhoComesBackInTimeStillCounts) {
  Desk desk(small_task("fedavg"), {.cohort = 3, .minimum = 3, .duration = kDuration});
  desk.come(3);
  const auto asked = desk.asked();
  desk.leave(asked[0]);
  desk.wait(kMoment);
  answer(desk, {asked[1], asked[2]}, 0);
  desk.wait(kMoment);
  EXPECT_EQ(desk.round().state.round, 0U) << "the minimum is not there";
  desk.come(3);
  answer(desk, {asked[0]}, 0);
  EXPECT_EQ(desk.round().state.round, 1U);
}

// After a restart everybody is away at first.
TEST(WaitingInRounds, ARestartTakesNobodyForGone) {
  Desk desk(small_task("fedavg"), five_of_whom_four_will_do());
  desk.come(5);
  const auto asked = desk.asked();
  answer(desk, {asked.begin() + 1, asked.end()}, 0);
  for (const ClientId& client : asked) desk.leave(client);
  desk.restart();
  for (int i = 0; i < 5; ++i) desk.wait(kMoment);
  EXPECT_EQ(desk.round().state.round, 0U);
  desk.wait(kDuration);
  EXPECT_EQ(desk.round().state.round, 1U);
}

TEST(WaitingInRounds, OthersAreAskedAtOnceWhereTooFewAreLeft) {
  Desk desk(small_task("fedavg"), {.cohort = 2, .minimum = 2, .duration = kDuration});
  desk.come(5);
  const auto asked = desk.asked();
  answer(desk, {asked[0]}, 0);
  desk.leave(asked[1]);
  desk.wait(kMoment);
  EXPECT_EQ(desk.asked().size(), 4U);
  EXPECT_THAT(desk.notices().back(), HasSubstr("it has 1 of the 2 updates that it needs"));
}

TEST(WaitingInRounds, WhoCannotTrainIsNotAskedUntilItSaysThatItCan) {
  Desk desk(small_task("fedavg"), five_of_whom_four_will_do());
  desk.come(5);
  const ClientId empty = desk.asked()[2];
  ASSERT_EQ(desk.excuse(empty, encode(Excuse{Cause::kNoPictures, 0})), std::nullopt);
  for (std::uint64_t round = 0; round < 3; ++round) {
    for (const ClientId& client : desk.asked())
      if (client != empty) answer(desk, {client}, round);
    ASSERT_EQ(desk.round().state.round, round + 1) << "nobody waits for it";
    EXPECT_THAT(desk.asked(), Not(Contains(empty)));
    desk.restart(round);
    EXPECT_THAT(desk.asked(), Not(Contains(empty)));
  }
  desk.take_back_excuse(empty);
  answer(desk, desk.asked(), 3);
  EXPECT_THAT(desk.asked(), Contains(empty));
}

TEST(WaitingInRounds, AnExcuseIsCheckedLikeAnUpdate) {
  Desk desk(small_task("fedavg"));
  desk.come(3);
  EXPECT_THAT(desk.excuse(shuffled_client(0), encode(Excuse{static_cast<Cause>(3), 0})).value_or("no objection"),
              HasSubstr("has the cause 3; known are 1 and 2"));
  EXPECT_NE(desk.excuse(shuffled_client(0), to_bytes("garbage")), std::nullopt);
  const Excuse excuse{Cause::kDiverged, 12};
  EXPECT_EQ(decode_excuse(encode(excuse)), excuse);
}

// What the last round has made of the weights is of no use to the clients.
TEST(WaitingInRounds, ARoundThatDivergedAtMostClientsIsSaidAndUndone) {
  const LearningTask task = small_task("fedadam rate 1");
  Desk desk(task, {.cohort = 3, .minimum = 2, .duration = kDuration});
  desk.come(3);
  answer(desk, desk.asked(), 0);
  ASSERT_EQ(desk.round().state.round, 1U);
  const auto asked = desk.asked();
  answer(desk, {asked[0]}, 1);
  for (const ClientId& client : {asked[1], asked[2]})
    ASSERT_EQ(desk.excuse(client, encode(Excuse{Cause::kDiverged, 1})), std::nullopt);
  EXPECT_EQ(desk.round().state.round, 2U);
  EXPECT_EQ(desk.round().state.weights, task.initial_state().weights);
  EXPECT_THAT(desk.notices(),
              Contains(testing::AllOf(HasSubstr("round 1 diverged at 2"), HasSubstr("fedadam rate 1"))));
  answer(desk, desk.asked(), 2);  // they are asked again, and the excuse of the round before does not count
  EXPECT_EQ(desk.round().state.round, 3U);
}

TEST(WaitingInRounds, OneClientThatDivergesUndoesNothing) {
  Desk desk(small_task("fedavg"), {.cohort = 3, .minimum = 2, .duration = kDuration});
  desk.come(3);
  const auto asked = desk.asked();
  ASSERT_EQ(desk.excuse(asked[2], encode(Excuse{Cause::kDiverged, 0})), std::nullopt);
  answer(desk, {asked[0], asked[1]}, 0);
  EXPECT_EQ(desk.round().state.round, 1U);
  EXPECT_THAT(desk.notices().back(), HasSubstr("round 0 is over with 2 updates"));
}

TEST(WaitingInRounds, PeopleHearForWhomARoundWaitsButNotAllTheTime) {
  Desk desk(small_task("fedavg"), {.cohort = 3, .minimum = 3, .duration = kDuration});
  desk.come(2);
  for (int i = 0; i < 100; ++i) desk.wait(kMoment / 10);
  const auto reminders = [&](const std::string& words) {
    return std::ranges::count_if(desk.notices(), [&](const auto& notice) { return notice.find(words) != notice.npos; });
  };
  EXPECT_EQ(reminders("waits for clients"), 1);
  desk.come(3);
  const auto asked = desk.asked();
  answer(desk, {asked[0], asked[1]}, 0);
  for (int i = 0; i < 3; ++i) desk.wait(kDuration);
  EXPECT_GE(reminders("it waits for " + asked[2].brief()), 1);
  EXPECT_LE(reminders("it waits for " + asked[2].brief()), 3);
}

// Two hundred that never answer beside four that do, in rounds of which each would last as long as its time.
TEST(WaitingInRounds, WhoNeverAnswersIsAskedLessAndLess) {
  constexpr unsigned kHonest = 4;
  constexpr unsigned kSilent = 200;
  Desk desk(small_task("fedavg"), {.cohort = 4, .minimum = 2, .duration = kDuration});
  desk.come(kHonest + kSilent);
  const auto honest = [](const ClientId& client) { return client.bytes[1] < kHonest; };
  Instant waited{0};
  std::size_t asked_in_vain = 0;
  for (std::uint64_t round = 0; round < 40; ++round) {
    if (round == 20) waited = Instant{0};
    while (desk.round().state.round == round) {
      std::size_t answers = 0;
      for (const ClientId& client : desk.asked())
        if (honest(client) && !desk.contribute(desk.update_of(client, round))) ++answers;
      if (desk.round().state.round > round) break;
      asked_in_vain += answers == 0 ? 1 : 0;
      desk.wait(kDuration);
      waited += kDuration;
    }
    if (round % 7 == 3) desk.restart(round);
  }
  EXPECT_LE(waited, 5 * kDuration) << "in the last twenty rounds";
  EXPECT_LE(asked_in_vain, 30U);
}

}  // namespace
}  // namespace outrider::averaging
