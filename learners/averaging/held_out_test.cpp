#include "learners/averaging/held_out.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "knowledge/error.h"
#include "learners/averaging/local_training.h"
#include "learners/averaging/test_desk.h"

namespace outrider::averaging {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr Instant kRoundTime{60'000};

Dataset many_pictures(std::size_t of_each) {
  return test_task(1, of_each);
}

TEST(HeldOutPictures, AreAShareOfEachClassAndStayOnTheirSide) {
  const Dataset pictures = many_pictures(200);
  const HeldOut split = hold_out(pictures, 0.1);
  EXPECT_EQ(split.training.size() + split.held_out.size(), pictures.size());
  EXPECT_GT(split.held_out.size(), pictures.size() / 20);
  EXPECT_LT(split.held_out.size(), pictures.size() / 5);
  EXPECT_EQ(split.training.classes, pictures.classes);
  // When more pictures come, none of the earlier ones changes sides.
  Dataset more = pictures;
  const Dataset others = test_task(2, 100);
  more.pixels.insert(more.pixels.end(), others.pixels.begin(), others.pixels.end());
  more.labels.insert(more.labels.end(), others.labels.begin(), others.labels.end());
  const HeldOut later = hold_out(more, 0.1);
  EXPECT_EQ(std::vector(later.held_out.labels.begin(),
                        later.held_out.labels.begin() + static_cast<std::ptrdiff_t>(split.held_out.size())),
            split.held_out.labels);
}

TEST(HeldOutPictures, AreNoneOfSmallClassesOrWithoutAShare) {
  EXPECT_EQ(hold_out(many_pictures(200), 0).held_out.size(), 0U);
  EXPECT_EQ(hold_out(many_pictures(HeldOut::kLeastPictures - 1), 0.5).held_out.size(), 0U);
  EXPECT_GT(hold_out(many_pictures(40), 0.5).held_out.size(), 0U);
}

TEST(HeldOutPictures, TellHowGoodAModelIs) {
  const LearningTask task = small_task("fedavg", {.batch = 10, .epochs = 20, .rate = 0.1F});
  const Dataset pictures = many_pictures(30);
  const ServerState before = task.initial_state();
  const Update updates[] = {train_locally(task, before, {}, pictures, {}).update};
  const ServerState after = apply_round(task.network, task.strategy, before, updates);
  const Score first = score_of(task, before.weights, 1, 0, pictures, 1);
  const Score then = score_of(task, after.weights, 1, 1, pictures, 1);
  EXPECT_EQ(first.pictures, pictures.size());
  EXPECT_GT(then.accuracy(), 0.9);
  EXPECT_TRUE(then.better_than(first));
  EXPECT_FALSE(first.better_than(then));
  EXPECT_LT(then.loss(), first.loss());
}

TEST(Score, IsCheckedAtItsBounds) {
  const auto error = [](const Score& score) { return objection_of([&] { score.check("it"); }).value_or("fine"); };
  EXPECT_EQ(error({0, 1, Score::kMostPictures, Score::kMostPictures, 0}), "fine");
  EXPECT_THAT(error({0, 1, Score::kMostPictures + 1, 0, 0}), HasSubstr("at most 1000000 count"));
  EXPECT_THAT(error({0, 1, 3, 4, 0}), HasSubstr("4 of 3 held-out pictures right"));
  EXPECT_EQ(error({0, 1, 3, 3, 3 * Score::kMostLoss}), "fine");
  EXPECT_THAT(error({0, 1, 3, 3, 4 * Score::kMostLoss}), HasSubstr("has a loss of"));
  EXPECT_THAT(error({0, 1, 3, 3, std::numeric_limits<double>::quiet_NaN()}), HasSubstr("has a loss of nan"));
  EXPECT_THAT(error({0, 1, 3, 3, -1}), HasSubstr("has a loss of -1"));
}

// Clients whose held-out pictures say of each round what `correct` says, ten a client.
class ScoredRounds : public testing::Test {
 protected:
  void answer(Desk& desk, std::uint64_t correct, double loss = 1) {
    const std::uint64_t round = desk.round().state.round;
    for (const ClientId& client : desk.asked()) {
      Update update = desk.update_of(client, round);
      update.score = {round, 1, 10, correct, 10 * loss};
      ASSERT_EQ(desk.contribute(update), std::nullopt);
    }
  }
  Topic best_topic() const { return {std::string(kAveragingKind), task_.id(), std::string(kBestSubject)}; }

  const LearningTask task_ = small_task("fedavg");
};

TEST_F(ScoredRounds, TheBestModelIsKeptWhateverComesLater) {
  Desk desk(task_, {.cohort = 2, .minimum = 2, .duration = kRoundTime});
  desk.come(2);
  std::vector<nn::Parameters> models;
  for (const std::uint64_t correct : {1, 6, 9, 4, 5}) {
    models.push_back(desk.round().state.weights);
    answer(desk, correct);
    desk.restart(correct);
  }
  EXPECT_EQ(desk.round().best, (Score{2, 2, 20, 18, 20}));
  const RoundRecord best = decode_round_record(desk.merge().merged(best_topic()), task_);
  EXPECT_EQ(best.state.weights, models[2]);
  EXPECT_EQ(desk.round().state.round, 5U);
  EXPECT_THAT(desk.notices(),
              Contains(HasSubstr("accuracy 0.9 on 20 held-out pictures of 2 clients, the best so far")));
}

TEST_F(ScoredRounds, EndAfterTheirNumberAndSaySo) {
  Desk desk(task_, {.cohort = 2, .minimum = 2, .duration = kRoundTime, .rounds = 3});
  desk.come(2);
  for (const std::uint64_t correct : {1, 2, 3}) answer(desk, correct);
  const nn::Parameters last = desk.round().state.weights;
  ASSERT_FALSE(desk.asked().empty()) << "it is asked how good the last model is";
  answer(desk, 8);
  EXPECT_EQ(desk.round().state.weights, last) << "which changes nothing";
  EXPECT_TRUE(desk.asked().empty());
  EXPECT_THAT(desk.round().finished, HasSubstr("3 rounds are done; the model of round 3 is served"));
  EXPECT_THAT(desk.notices().back(), HasSubstr("training is over: 3 rounds are done"));
  const Bytes finished = desk.model();
  desk.wait(2 * kRoundTime);
  desk.restart();
  EXPECT_EQ(desk.model(), finished);
}

TEST_F(ScoredRounds, EndWhenPatienceDoes) {
  Desk desk(task_, {.cohort = 2, .minimum = 2, .duration = kRoundTime, .patience = 2});
  desk.come(2);
  for (const std::uint64_t correct : {3, 7, 6, 6}) {
    EXPECT_TRUE(desk.round().finished.empty());
    answer(desk, correct);
  }
  EXPECT_TRUE(desk.asked().empty());
  EXPECT_THAT(desk.round().finished, HasSubstr("no round since 1 has done better"));
}

TEST_F(ScoredRounds, AnExplodingLossTakesTrainingBackToTheBestModel) {
  Desk desk(task_, {.cohort = 2, .minimum = 2, .duration = kRoundTime});
  desk.come(2);
  answer(desk, 5);
  const nn::Parameters good = desk.round().state.weights;
  answer(desk, 9);
  answer(desk, 2, 1e5);
  EXPECT_EQ(desk.round().state.weights, good);
  EXPECT_EQ(desk.round().state.round, 3U);
  EXPECT_THAT(desk.notices().back(), HasSubstr("round 2 was given weights that had diverged"));
}

}  // namespace
}  // namespace outrider::averaging
